// The finished main job in a browser: the auditor's walk, then the PDA page and the line screen with typed scans.
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { walk } from './auditor.mjs'
import * as tools from './browser.mjs'
import { signedIn } from './cloud.mjs'
import { startWorld } from './world.mjs'

const { bodyText, openBrowser, shoot } = tools
const PDA = { width: 360, height: 640 }
const FAULTY_CASES = 5
const HAN = /[一-鿿]/

let world

before(async () => {
  world = await startWorld()
})
after(() => world?.stop())

test('the job is done: nothing lost, nothing doubled, goods shipped and suspected', () => {
  const { ok, lost, doubled, quarantined, cases, pallets, suspected } = world.summary
  assert.deepEqual({ ok, lost, doubled, quarantined, cases, pallets, suspected }, { ok: true, lost: 0, doubled: 0, quarantined: 0, cases: 32, pallets: 3, suspected: 10 })
})

test('the auditor finds it all in the console, and consumers learn what they hold', async () => {
  const seen = await walk(world.places, tools)
  assert.ok(seen.includes('suspect-en') && seen.includes('consumer-unknown-en'))
})

describe('on the floor', () => {
  let browser
  let page

  before(async () => {
    browser = await openBrowser(PDA)
    page = browser.page
    // A busy build machine types slower than a scanner.
    await page.addInitScript(() => localStorage.setItem('sealtrace.scanner', JSON.stringify({ interKeyMs: 1500 })))
  })
  after(() => browser?.close())
  beforeEach(() => {
    browser.complaints.length = 0
  })

  /** Types as a keyboard wedge does, and waits for the agent's word. */
  async function scan(text) {
    const count = Number(await page.getAttribute('.feedback', 'data-n'))
    await page.keyboard.type(text)
    await page.keyboard.press('Enter')
    await page.waitForFunction((n) => Number(document.querySelector('.feedback')?.dataset.n) > n, count)
    return page.getAttribute('.feedback', 'data-tone')
  }
  async function signIn(base) {
    await page.goto(base)
    await page.fill('#login', 'li')
    await page.fill('#pin', world.places.pin)
    await page.click('[data-act=login]')
    // The station stands where it was left.
    await page.waitForSelector('[data-entries], .scan')
    if (await page.$('.scan')) await page.click('[data-act=back]')
    await page.waitForSelector('[data-entries]')
  }
  const speak = (language) => page.evaluate((name) => localStorage.setItem('sealtrace.language', name), language)
  async function notWider(name) {
    await shoot(page, name)
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false, `${name} scrolls sideways`)
  }

  /** Looks a code up by a scan; answers what the page says of it. */
  async function lookUp(text, code, name) {
    await scan(text)
    await page.waitForFunction((code) => document.querySelector('.item-code')?.textContent === code, code)
    await notWider(name)
    return page.innerText('[data-item]')
  }
  const mentions = (text, ...facts) => {
    for (const fact of facts) assert.ok(text.includes(fact), `${fact} is missing in ${text}`)
  }

  test('a scanned case says what it holds and where it went, a replaced label says by what', async () => {
    const { cloud, pda, password, shown } = world.places
    const api = await signedIn(cloud, { login: 'auditor', password })
    const device = (await api.get('/devices')).rows.find((one) => one.name === '仓库 PDA 1')
    const old = (await api.get(`/batches/${device.id}/1/1`)).records[0].codes.at(-1)
    const { state } = await api.get(`/trace?text=${encodeURIComponent(old)}`)
    await signIn(pda)
    await notWider('pda-home')
    await page.click('[data-entry=lookup]')
    await page.waitForSelector('.scan[data-screen=lookup]')
    mentions(await lookUp(state.replaced.by, state.replaced.by, 'pda-lookup'), '箱', '有效', '晨泉啤酒 500 ml', 'L20261120', '24 瓶', '合肥庐阳食品', 'OUT-3')
    mentions(await lookUp(old, old, 'pda-lookup-replaced'), '标签已替换', '新标签', state.replaced.by)
    mentions(await lookUp(shown.pallet, shown.pallet, 'pda-lookup-pallet'), '托', '有效', '240 瓶', '南京金陵商贸', 'OUT-1')
    await lookUp(`HTTPS://TRACE.EXAMPLE.COM/${shown.pending}`, shown.pending, 'pda-lookup-issued')
    mentions(await page.innerText('[data-item]'), '本设备没有它的使用记录', '晨泉啤酒 500 ml')
    await lookUp('9ZZZZZZZZZZZZZZZZ', '9ZZZZZZZZZZZZZZZZ', 'pda-lookup-unknown')
    mentions(await page.innerText('[data-item]'), '本设备不认识这个码')
    await page.click('[data-act=back]')
    await page.waitForSelector('[data-entries]')
    assert.deepEqual(browser.complaints, [])
  })

  test('a foreign code is refused and said why; nothing counts until that is acknowledged', async () => {
    await page.click('[data-entry=unpack]')
    await page.waitForSelector('.scan[data-screen=unpack]')
    assert.equal(await scan('(01)09999999999994(21)NOTOURS'), 'refused')
    await page.waitForSelector('[data-overlay=blocked]')
    await notWider('pda-refused')
    assert.match(await page.innerText('[data-overlay] [data-message]'), /不是我们的码/)
    await page.keyboard.type(world.places.shown.case)
    await page.keyboard.press('Enter')
    await page.waitForSelector('[data-not-counted]')
    await page.keyboard.type('ST*OK*')
    await page.keyboard.press('Enter')
    await page.waitForSelector('[data-overlay=blocked]', { state: 'detached' })
    await page.click('[data-act=back]')
    await page.waitForSelector('[data-entries]')
    assert.deepEqual(browser.complaints, [])
  })

  test('nothing waits to be sent, in both languages', async () => {
    for (const language of ['zh-CN', 'en']) {
      await speak(language)
      await page.goto(`${world.places.pda}/#/sync`)
      await page.reload()
      await page.waitForSelector('[data-sync]')
      await notWider(`pda-sync-${language}`)
      const text = await bodyText(page)
      assert.match(text, language === 'en' ? /Unsent operations\s+0/ : /未上传作业\s+0/)
      assert.equal(language === 'en' && HAN.test(text.replace('仓库 PDA 1', '').replace('成品仓库', '').replace('李师傅', '')), false, text)
    }
    await speak('zh-CN')
  })

  test('the line screen shows the lane to everybody: counts, light, last cases', async () => {
    for (const [language, expected] of [['zh-CN', /灌装一线[\s\S]*运行[\s\S]*合格箱\s*30[\s\S]*剔除箱\s*5/], ['en', /灌装一线[\s\S]*Running[\s\S]*Accepted\s*30[\s\S]*Rejected\s*5/]]) {
      await page.goto(`${world.places.line}/`)
      await speak(language)
      await page.goto(`${world.places.line}/#/line`)
      await page.reload()
      await page.waitForSelector('[data-lane]')
      assert.match(await bodyText(page), expected)
      await notWider(`line-${language}-narrow`)
      await page.setViewportSize({ width: 1366, height: 768 })
      await notWider(`line-${language}`)
      await page.setViewportSize(PDA)
    }
    await speak('zh-CN')
  })

  test('the exceptions list the cases that the lane set aside, each in one sentence', async () => {
    await signIn(world.places.line)
    for (const [language, sentences] of [
      ['zh-CN', [/有瓶没有读到码/, /已经装在别的包装里/, /不是我们的码/, /不是我们的码/, /还没装满：应有 24，只扫了 23/]],
      ['en', [/without a code being read/, /Packed already/, /Not one of our codes/, /Not one of our codes/, /Not full yet: 24 needed, 23 scanned/]],
    ]) {
      await speak(language)
      await page.goto(`${world.places.line}/#/exceptions`)
      await page.reload()
      await page.waitForSelector('[data-exception]')
      await notWider(`exceptions-${language}`)
      const rows = await page.locator('[data-exception=set_aside]').allInnerTexts()
      assert.equal(rows.length, FAULTY_CASES)
      // Newest first, as they passed the lane in this order.
      for (const [n, sentence] of sentences.entries()) assert.match(rows[FAULTY_CASES - 1 - n], sentence)
    }
    assert.deepEqual(browser.complaints, [])
  })
})
