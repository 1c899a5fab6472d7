// The line screen: seen whole on a wall, asked by touch, keyboard and command barcodes; on canned lanes.
import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { faults, openBrowser, PDA, relaxKeyLimit, shoot, wedge } from './browser.mjs'
import { lanes, standIn } from './stand-in.mjs'

const WALLS = [{ width: 1280, height: 800 }, { width: 1920, height: 1080 }]
let browser, page, agent

before(async () => {
  browser = await openBrowser(WALLS[0])
  page = browser.page
  await relaxKeyLimit(page)
})
after(() => browser?.close())
beforeEach(async () => {
  agent = await standIn()
  agent.loggedIn = true
  await page.setViewportSize(WALLS[0])
})
afterEach(async () => {
  await page.goto('about:blank')
  await agent.close()
  assert.deepEqual(browser.errors.splice(0), [])
})

const open = async () => {
  await page.goto(`${agent.url}#/line`)
  await page.waitForSelector('[data-lane]')
}
const light = (name) => page.textContent(`[data-lane="${name}"] [data-light]`)
const tone = (name) => page.getAttribute(`[data-lane="${name}"] [data-light]`, 'data-tone')
const asked = (n) => page.waitForFunction(() => true).then(async () => {
  for (let i = 0; i < 100 && agent.asked.length < n; i += 1) await page.waitForTimeout(20)
  return agent.asked
})

test('every_lane_says_how_it_stands_and_what_to_do', async () => {
  await open()
  assert.match(await light('1 号线'), /运行/)
  assert.match(await light('2 号线'), /有瓶没有读到码：取下该箱返工/)
  assert.match(await light('4 号线'), /任务已全部完成：停线，或下达新任务/)
  assert.match(await light('3 号线'), /剔除没有确认：找到该箱取下/)
  assert.deepEqual(await Promise.all(['1 号线', '2 号线', '4 号线', '3 号线'].map(tone)), ['accepted', 'refused', 'warning', 'critical'])
  assert.equal(await page.textContent('[data-lane="1 号线"] [data-open]'), '11/24')
  assert.equal(await page.textContent('[data-lane="1 号线"] [data-rate]'), '82')
  assert.match(await page.textContent('[data-lane="2 号线"] [data-resync]'), /有一箱没有读到箱标，从箱标 …901234 起已对上：之前 24 瓶剔除/)
  assert.match(await page.textContent('[data-lane="2 号线"] [data-go=exceptions]'), /待处理异常 2/)
  agent.lanes[0] = { ...agent.lanes[0], stop: 'reader_lost', reader: 'lost' }
  await page.waitForSelector('[data-lane="1 号线"] [data-tone=critical]')
  assert.match(await light('1 号线'), /读码器断开/)
  assert.equal(await page.evaluate(() => document.documentElement.dataset.sound), 'critical')
})

test('a_lane_that_stands_goes_on_by_one_scan_and_a_task_ends_by_three', async () => {
  await open()
  await wedge(page, 'ST*OK*')
  assert.deepEqual(await asked(1), [['3 号线', 'go_on']])
  await page.waitForSelector('[data-lane="3 号线"] [data-act=finish]')
  await wedge(page, 'ST*CLOSE*')
  await page.waitForSelector('[data-notice]')
  assert.match(await page.textContent('[data-notice]'), /先选产线/)
  await wedge(page, 'ST*1*')
  await page.waitForSelector('.lane-chosen[data-lane="1 号线"]')
  await wedge(page, 'ST*CLOSE*')
  await page.waitForSelector('[data-dialog=finish]')
  assert.match(await page.textContent('[data-dialog=finish]'), /1 号线：任务到此为止？未满的箱（11 \/ 24）.*已有的 3 箱成为尾托/)
  await wedge(page, 'ST*BACK*')
  await page.waitForSelector('[data-dialog=finish]', { state: 'detached' })
  assert.equal(agent.asked.length, 1, 'nothing ends without the last scan')
  await wedge(page, 'ST*CLOSE*')
  await wedge(page, 'ST*CONFIRM*')
  assert.deepEqual((await asked(2))[1], ['1 号线', 'finish'])
  await page.waitForSelector('[data-lane="1 号线"] [data-tone=warning]')
  assert.equal(await page.isDisabled('[data-lane="1 号线"] [data-act=finish]'), true)
})

test('touch_and_keyboard_ask_the_same', async () => {
  await open()
  await page.click('[data-lane="3 号线"] [data-act=go_on]')
  assert.deepEqual(await asked(1), [['3 号线', 'go_on']])
  await page.focus('[data-lane="2 号线"] [data-act=finish]')
  await page.keyboard.press('Enter')
  await page.waitForSelector('[data-dialog=finish]')
  await page.keyboard.press('Enter')
  assert.deepEqual((await asked(2))[1], ['2 号线', 'finish'])
})

test('who_is_not_signed_in_reads_but_asks_nothing', async () => {
  agent.loggedIn = false
  await open()
  await page.click('[data-lane="3 号线"] [data-act=go_on]')
  await page.waitForSelector('[data-notice]')
  assert.match(await page.textContent('[data-notice]'), /请先在本机登录/)
  assert.deepEqual(agent.asked, [])
})

for (const language of ['zh-CN', 'en']) {
  test(`one_to_six_lanes_are_seen_whole_on_a_wall_and_on_a_pda_${language}`, async () => {
    const bad = []
    await page.goto(agent.url)
    await page.evaluate((name) => localStorage.setItem('sealtrace.language', name), language)
    for (const count of [1, 2, 3, 4, 6]) {
      agent.lanes = [...lanes(), ...lanes().slice(0, 2).map((lane, i) => ({ ...lane, name: `${5 + i} 号线` }))].slice(0, count)
      for (const viewport of [...WALLS, PDA]) {
        if (viewport === PDA && count > 1 && count < 4) continue
        await page.setViewportSize(viewport)
        await page.goto('about:blank')
        await open()
        const name = `line-${language}-${count}-${viewport.width}`
        await shoot(page, name)
        bad.push(...(await faults(page)).map((fault) => `${name}: ${fault}`))
        if (viewport === PDA) continue
        bad.push(...(await page.evaluate(unreadable)).map((fault) => `${name}: ${fault}`))
      }
    }
    await page.evaluate(() => localStorage.setItem('sealtrace.language', 'zh-CN'))
    assert.deepEqual(bad, [])
  })
}

/** What must be read from three metres is large, and nothing of a lane is out of sight. */
function unreadable() {
  const found = []
  const size = (element) => parseFloat(getComputedStyle(element).fontSize)
  const least = innerHeight / 40
  for (const lane of document.querySelectorAll('.lane')) {
    const name = lane.dataset.lane
    if (size(lane.querySelector('.lane-count')) < innerHeight / 9) found.push(`${name}: count ${size(lane.querySelector('.lane-count'))}`)
    for (const words of lane.querySelectorAll('.lane-light b, .lane-light span, .lane-facts dd')) if (size(words) < least) found.push(`${name}: ${words.textContent} at ${size(words)}`)
    const { bottom } = lane.getBoundingClientRect()
    for (const part of lane.querySelectorAll('.lane-light, .lane-task, .lane-numbers, .lane-resync, .lane-actions' + (document.querySelectorAll('.lane').length < 4 ? ', .lane-last li:first-child' : ''))) {
      const box = part.getBoundingClientRect()
      if (box.bottom > bottom + 1 || box.bottom > innerHeight) found.push(`${name}: ${part.className} ends at ${box.bottom}`)
    }
  }
  return found
}
