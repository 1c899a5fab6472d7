// The pages beside the station in a real browser, on canned answers: who works here, the lock, documents, exceptions, log,
// sync. What the real programs make of them is tested in desk-job.test.mjs.
import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { faults, openBrowser, PDA, relaxKeyLimit, shoot, wedge } from './browser.mjs'
import { standIn } from './stand-in.mjs'

let browser, page, agent

before(async () => {
  browser = await openBrowser()
  page = browser.page
  page.setDefaultTimeout(10000)
  await relaxKeyLimit(page)
})
after(() => browser?.close())
beforeEach(async () => {
  agent = await standIn()
  browser.errors.length = 0
})
afterEach(async () => {
  await page.goto('about:blank')
  await agent.close()
  assert.deepEqual(browser.errors, [])
})

/** By scans and keys alone: the badge, the PIN, the first site. */
async function signIn() {
  await page.goto(agent.url)
  await page.waitForSelector('[data-form=login]')
  await wedge(page, 'wang')
  await page.waitForFunction(() => document.activeElement.id === 'pin')
  await wedge(page, '2468')
  await page.waitForSelector('[data-form=site]')
  await wedge(page, 'ST*1*')
  await page.waitForSelector('[data-entries]')
}

const at = async (name) => {
  await page.goto(`${agent.url}#/${name}`)
}
const texts = (selector) => page.$$eval(selector, (found) => found.map((one) => one.textContent.trim()))

test('a_badge_is_scanned_the_pin_is_tapped_and_the_site_is_chosen_by_number', async () => {
  await page.goto(agent.url)
  await page.waitForSelector('[data-form=login]')
  await wedge(page, 'wang')
  await page.waitForFunction(() => document.querySelector('#login').value === 'wang')
  for (const digit of [2, 4, 6, 9]) await page.click(`[data-digit="${digit}"]`)
  await page.click('[data-act=pin-delete]')
  await page.click('[data-digit="8"]')
  assert.equal(await page.inputValue('#pin'), '2468')
  assert.equal(await page.getAttribute('#pin', 'inputmode'), 'none', 'no soft keyboard over the digits')
  await page.click('[data-act=login]')
  await page.waitForSelector('[data-form=site]')
  await page.click('[data-shift=night]')
  assert.equal(await page.getAttribute('[data-shift=night]', 'aria-checked'), 'true')
  await wedge(page, 'ST*2*')
  await page.waitForSelector('[data-entries]')
})

test('a_locked_page_shows_nothing_counts_nothing_and_goes_on_where_it_was', async () => {
  await signIn()
  await wedge(page, 'ST*SHIP*')
  await page.waitForSelector('[data-document]')
  await wedge(page, 'ST*1*')
  await page.waitForSelector('.scan[data-screen=ship]')
  agent.session.locked = true
  await wedge(page, '(00)069012345678901234')
  await page.waitForSelector('[data-locked]')
  assert.equal(await page.$('.scan'), null)
  assert.deepEqual(agent.scans, [])
  await wedge(page, '(00)069012345678901241')
  await page.waitForSelector('[data-locked] [data-lost]')
  for (const digit of [1, 1, 1, 1]) await page.click(`[data-digit="${digit}"]`)
  await page.click('[data-act=login]')
  await page.waitForSelector('text=工号或密码不对')
  assert.equal(await page.inputValue('#pin'), '')
  await page.fill('#pin', '2468')
  await page.keyboard.press('Enter')
  await page.waitForSelector('text=有 2 次扫码没有确认')
  await wedge(page, 'ST*OK*')
  await page.waitForSelector('.scan[data-screen=ship]')
})

test('an_idle_page_locks_by_itself', async () => {
  await signIn()
  agent.session.lock_after_ms = 1
  await page.reload()
  await page.waitForSelector('[data-entries]')
  agent.session.locked = true
  await page.waitForSelector('[data-locked]', { timeout: 8000 })
})

test('another_person_takes_a_locked_device_over', async () => {
  await signIn()
  agent.session.locked = true
  await page.reload()
  await page.waitForSelector('[data-locked]')
  await page.click('[data-act=switch-account]')
  await page.waitForSelector('#login')
  await wedge(page, 'ST*BACK*')
  await page.waitForSelector('[data-locked]')
  await page.click('[data-act=switch-account]')
  await wedge(page, 'zhao')
  await page.waitForFunction(() => document.activeElement.id === 'pin')
  await wedge(page, '1357')
  await page.waitForSelector('[data-form=site]')
  await wedge(page, 'ST*1*')
  await page.waitForSelector('[data-entries]')
})

test('the_site_is_switched_and_a_refusal_says_why', async () => {
  await signIn()
  await at('account')
  await page.waitForSelector('[data-account]')
  agent.refusal = { code: 'package_open', params: {} }
  await page.click('[data-site="2"]')
  await page.waitForSelector('text=有未完成的包装')
  agent.refusal = null
  await wedge(page, 'ST*1*')
  await page.waitForSelector('[data-entries]')
  assert.equal(agent.session.site.id, 2)
  await at('account')
  await page.click('[data-act=lock]')
  await page.waitForSelector('[data-locked]')
})

test('goods_come_back_from_a_dealer_without_a_document_by_number_or_found_by_name', async () => {
  await signIn()
  await wedge(page, 'ST*RETURN*')
  await page.waitForSelector('[data-what=document]')
  await wedge(page, 'ST*0*')
  await page.waitForSelector('[data-what=dealer] [data-choice="9"]')
  await wedge(page, 'ST*NEXT*')
  await page.waitForSelector('text=徐州云龙商贸')
  await wedge(page, 'ST*1*')
  await page.waitForSelector('[data-what=opened]')
  await wedge(page, 'ST*2*')
  await page.waitForSelector('.scan[data-screen=return]')
  assert.deepEqual([agent.opened.dealer, agent.opened.opened], [49, true])
  await page.click('[data-act=back]')
  await page.click('[data-entry=return]')
  await page.click('[data-choice="0"]')
  await page.fill('#dealer', '姑苏')
  await page.click('[data-how=opened]')
  assert.deepEqual(await texts('[data-found]'), ['苏州姑苏酒行'])
  await page.click('[data-found]')
  await page.waitForSelector('.scan[data-screen=return]')
  assert.deepEqual(agent.opened, { screen: 'return', dealer: 41, opened: true })
})

test('exceptions_are_resolved_by_the_item_by_number_or_by_touch_and_stay_in_the_log', async () => {
  await signIn()
  const opens = async (act) => {
    await at('exceptions')
    await page.waitForSelector('[data-exception="1"]')
    await act()
    await page.waitForFunction(() => location.hash === '#/')
    const { exception, resolution } = agent.opened
    return `${exception} ${resolution}`
  }
  assert.equal(await opens(() => wedge(page, '00069012345678901241')), '3 undo')
  assert.equal(await opens(() => wedge(page, 'ST*2*')), '2 repacked')
  assert.equal(await opens(() => page.click('[data-exception="1"] [data-resolution=found_in]')), '1 found_in')
  await at('exceptions')
  await page.waitForSelector('[data-exception="6"]')
  assert.match(await page.textContent('[data-exception="6"]'), /something_new/)
  await wedge(page, 'UNKNOWN')
  await page.waitForSelector('text=异常里没有这个码：UNKNOWN')
  await page.click('[data-tab=resolved]')
  await page.waitForSelector('[data-resolved]')
  assert.match(await page.textContent('[data-resolved]'), /系统是对的.*李强/)
})

test('the_log_is_searched_narrowed_and_continued_and_its_markup_is_text', async () => {
  await signIn()
  await at('log')
  await page.waitForSelector('[data-log][data-loaded=true] [data-row]')
  assert.equal((await page.$$('[data-row]')).length, 50)
  assert.equal(await page.$('[data-log] b b'), null)
  await page.click('[data-act=older]')
  await page.waitForFunction(() => document.querySelectorAll('[data-row]').length === 100)
  await page.click('[data-act=older]')
  await page.waitForSelector('text=a line of another program')
  await page.click('[data-level=error]')
  await page.waitForFunction(() => [...document.querySelectorAll('[data-row]')].every((row) => row.dataset.row === 'error'))
  await page.fill('[data-find]', 'seq=no')
  await page.waitForSelector('[data-none]')
  await page.fill('[data-find]', 'REFUSED')
  await page.waitForFunction(() => document.querySelectorAll('[data-row]').length === 7)
  assert.match(await page.getAttribute('[data-act=export]', 'href'), /^\/api\/log\/export\?q=REFUSED&level=error$/)
})

test('the_backlog_is_kept_as_a_file_or_it_is_said_why_not', async () => {
  await signIn()
  agent.online = false
  await at('sync')
  await page.reload()
  await page.waitForSelector('[data-act=export]:enabled')
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('[data-act=export]')])
  assert.ok((await download.path()) !== null)
  await page.waitForSelector('[data-exported]')
  agent.refusal = { code: 'stream_lost', params: {} }
  await page.click('[data-act=export]')
  await page.waitForSelector('text=本机的数据流断了：请先联网接续，现在不能导出')
})

const SCREENS = ['account', 'choose/receive', 'choose/return', 'choose/transfer', 'exceptions', 'log', 'sync']
const WIDE = { width: 800, height: 1280 }

for (const language of ['zh-CN', 'en']) {
  test(`every_page_beside_the_station_is_large_legible_and_whole_${language}`, async () => {
    await page.goto(agent.url)
    await page.evaluate((name) => localStorage.setItem('sealtrace.language', name), language)
    const bad = []
    const look = async (name) => {
      for (const size of [PDA, WIDE]) {
        await page.setViewportSize(size)
        await page.waitForTimeout(80)
        await shoot(page, `desk-${name.replace('/', '-')}-${language}-${size.width}`)
        bad.push(...(await faults(page)).map((fault) => `${name} ${size.width}: ${fault}`))
      }
      await page.setViewportSize(PDA)
    }
    await page.reload()
    await page.waitForSelector('#login')
    await look('login')
    await page.fill('#login', 'wang')
    await page.fill('#pin', '2468')
    await page.click('[data-act=login]')
    await page.waitForSelector('[data-form=site]')
    await look('site')
    await page.click('[data-site="1"]')
    await page.waitForSelector('[data-entries]')
    agent.online = false
    for (const screen of SCREENS) {
      await at(screen)
      await page.waitForTimeout(150)
      await look(screen)
    }
    await at('exceptions')
    await page.click('[data-tab=resolved]')
    await page.waitForSelector('[data-resolved]')
    await look('exceptions-resolved')
    agent.session.locked = true
    await page.reload()
    await page.waitForSelector('[data-locked]')
    await look('locked')
    await page.evaluate(() => localStorage.removeItem('sealtrace.language'))
    assert.deepEqual(bad, [])
  })
}
