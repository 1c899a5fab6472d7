// The built page in a real browser: input by every route, feedback, layout, contrast and targets, on canned answers.
import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { boxes, faults, openBrowser, relaxKeyLimit, shoot, wedge } from './browser.mjs'
import { standIn } from './stand-in.mjs'

let browser, page, agent

before(async () => {
  browser = await openBrowser()
  page = browser.page
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

async function signIn() {
  await page.goto(agent.url)
  await page.fill('#login', 'wang')
  await page.fill('#pin', '2468')
  await page.click('[data-act=login]')
  await page.click('[data-site="1"]')
  await page.waitForSelector('[data-entries]')
}

async function openPack() {
  await signIn()
  await page.click('[data-entry=pack]')
  await page.click('[data-task]')
  await page.waitForSelector('.scan[data-screen=pack]')
}

const counter = (n) => page.waitForFunction((n) => document.querySelector('.counter-number')?.textContent === String(n), n)
const tone = (name) => page.waitForSelector(`.feedback[data-tone=${name}]`)
const texts = () => agent.scans.map((scan) => scan.text)
const language = (name) => page.evaluate((name) => localStorage.setItem('sealtrace.language', name), name)

test('scans_queue_behind_a_slow_agent_in_order_one_at_a_time', async () => {
  await openPack()
  agent.delayMs = 120
  const codes = Array.from({ length: 12 }, (_, i) => `CODE${i}`)
  for (const code of codes) await wedge(page, code)
  await counter(12)
  assert.deepEqual(texts(), codes)
  assert.equal(agent.overlapping, 1)
  assert.ok(agent.scans.every((scan) => scan.source === 'wedge'))
})

test('tab_and_crlf_end_a_scan_once', async () => {
  await openPack()
  await wedge(page, 'WITHTAB', 'Tab')
  await page.keyboard.type('WITHCRLF')
  await page.keyboard.press('Enter')
  await page.keyboard.press('Control+j')
  await wedge(page, 'AFTER')
  await counter(3)
  assert.deepEqual(texts(), ['WITHTAB', 'WITHCRLF', 'AFTER'])
})

test('gs_arrives_from_its_substitute_and_from_control_bracket', async () => {
  await openPack()
  await page.keyboard.type('0106901234567892␝21A')
  await page.keyboard.press('Control+]')
  await page.keyboard.type('10L1')
  await page.keyboard.press('Enter')
  await counter(1)
  assert.deepEqual(texts(), ['0106901234567892\u001d21A\u001d10L1'])
})

test('text_from_an_input_method_is_a_scan_and_never_counts_twice', async () => {
  await openPack()
  await page.keyboard.insertText('INSERTED')
  await page.keyboard.press('Enter')
  await counter(1)
  const session = await page.context().newCDPSession(page)
  await session.send('Input.imeSetComposition', { text: 'COMP', selectionStart: 4, selectionEnd: 4 })
  await session.send('Input.imeSetComposition', { text: 'COMPOSED', selectionStart: 8, selectionEnd: 8 })
  await session.send('Input.insertText', { text: 'COMPOSED' })
  await page.keyboard.press('Enter')
  await counter(2)
  await session.send('Input.imeSetComposition', { text: 'HELD', selectionStart: 4, selectionEnd: 4 })
  await page.keyboard.press('Enter')
  await counter(3)
  await session.send('Input.insertText', { text: 'HELD' })
  await wedge(page, 'PLAIN')
  await counter(4)
  assert.deepEqual(texts(), ['INSERTED', 'COMPOSED', 'HELD', 'PLAIN'])
  await session.detach()
})

test('a_scan_that_comes_by_wedge_and_by_broadcast_counts_once', async () => {
  await openPack()
  const broadcast = (text) => page.evaluate((text) => document.dispatchEvent(new CustomEvent('sealtrace:scan', { detail: { text } })), text)
  await wedge(page, 'TWIN')
  await broadcast('TWIN')
  await broadcast('ALONE')
  await counter(2)
  assert.deepEqual(agent.scans.map(({ text, source }) => `${source} ${text}`), ['wedge TWIN', 'broadcast ALONE'])
})

test('a_scan_presses_no_button_and_scrolls_nothing', async () => {
  await openPack()
  await wedge(page, 'FIRST ONE')
  await counter(1)
  await page.focus('[data-act=undo]')
  await wedge(page, 'SECOND ONE')
  await counter(2)
  assert.deepEqual(agent.commands, [])
  assert.deepEqual(texts(), ['FIRST ONE', 'SECOND ONE'])
})

test('the_soft_keyboard_stays_down_and_a_typed_code_goes_the_same_way', async () => {
  await openPack()
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute('inputmode')), 'none')
  await page.click('[data-act=type]')
  await page.keyboard.type('TYPED1', { delay: 130 })
  assert.equal(await page.inputValue('#typed-code'), 'TYPED1', 'focus stays in the field')
  await shoot(page, 'type-dialog')
  assert.deepEqual(await faults(page), [])
  await page.keyboard.press('Enter')
  await counter(1)
  assert.deepEqual(agent.scans, [{ text: 'TYPED1', source: 'typed' }])
  await wedge(page, 'SCANNED')
  await counter(2)
})

test('scanning_goes_on_after_the_camera_was_opened_and_left', async () => {
  await openPack()
  await page.focus('[data-act=picture] input')
  await wedge(page, 'STILL SCANNED')
  await counter(1)
  assert.deepEqual(texts(), ['STILL SCANNED'])
})

test('five_states_differ_in_colour_icon_words_and_sound', async () => {
  await openPack()
  const seen = []
  const look = async () => seen.push(await page.evaluate(() => {
    const panel = document.querySelector('.feedback')
    return [getComputedStyle(panel).backgroundColor, panel.querySelector('[data-icon]').dataset.icon, panel.querySelector('b').textContent, document.documentElement.dataset.sound]
  }))
  await look()
  for (const name of ['accepted', 'warning', 'refused', 'critical']) {
    agent.next = { tone: name, message: { code: name === 'critical' ? 'storage_full' : name === 'refused' ? 'foreign' : name === 'warning' ? 'contents_to_follow' : 'accepted', params: {} } }
    await wedge(page, `A ${name}`)
    await tone(name)
    await look()
    if (name === 'refused') await wedge(page, 'ST*OK*')
    await tone(name === 'refused' ? 'ready' : name)
  }
  for (const column of [0, 1, 2, 3]) assert.equal(new Set(seen.map((row) => row[column])).size, 5, JSON.stringify(seen))
})

test('repeat_unreadable_neighbour_and_error_sound_different', async () => {
  await openPack()
  const sounds = []
  for (const [name, code] of [['warning', 'repeat'], ['warning', 'unreadable'], ['warning', 'several_codes'], ['refused', 'foreign']]) {
    agent.next = { tone: name, message: { code, params: {} } }
    const n = Number(await page.getAttribute('.feedback', 'data-n'))
    await wedge(page, `X ${code}`)
    await page.waitForFunction((n) => Number(document.querySelector('.feedback').dataset.n) > n, n)
    sounds.push(await page.evaluate(() => document.documentElement.dataset.sound))
  }
  assert.deepEqual(sounds, ['repeat', 'unreadable', 'several', 'refused'])
})

test('green_flashes_briefly_and_nothing_moves_while_scanning', async () => {
  await openPack()
  const before = await boxes(page)
  await page.evaluate(() => {
    window.flashes = []
    let since = 0
    new MutationObserver(() => {
      const isOn = document.querySelector('[data-flash]') !== null
      if (isOn && since === 0) since = performance.now()
      if (!isOn && since > 0) window.flashes.push(performance.now() - since), (since = 0)
    }).observe(document.body, { childList: true, subtree: true })
  })
  await wedge(page, '7KQ2M4XAVT9C0H3RZ')
  await counter(1)
  assert.equal(await boxes(page), before)
  await page.waitForFunction(() => window.flashes.length === 1)
  const [ms] = await page.evaluate(() => window.flashes)
  assert.ok(ms > 100 && ms <= 330, `flash of ${ms} ms`)
  agent.next = { tone: 'warning', provisional: true, message: { code: 'repeat', params: { at: Date.now(), parent: '(00)069012345678901234' } } }
  await wedge(page, '7KQ2M4XAVT9C0H3RZ')
  await tone('warning')
  assert.equal(await boxes(page), before)
  assert.match(await page.textContent('.feedback'), /重复扫码.*\d\d:\d\d:\d\d.*\(00\)069012345678901234.*待核验/s)
})

test('a_refusal_blocks_until_acknowledged_by_button_or_barcode', async () => {
  await openPack()
  for (const acknowledge of [() => page.click('[data-act=acknowledge]'), () => wedge(page, 'ST*OK*')]) {
    const known = texts().length
    agent.next = { tone: 'refused', message: { code: 'already_packed', params: { code: '7KQ2M4XAVT9C0H3RZ', parent: '(00)069012345678909999' } } }
    await wedge(page, '7KQ2M4XAVT9C0H3RZ')
    await page.waitForSelector('[data-overlay=blocked]')
    assert.match(await page.textContent('[data-overlay] [data-message]'), /已经装在别的包装里：\(00\)069012345678909999/)
    await wedge(page, 'WHILE BLOCKED')
    await page.waitForSelector('[data-not-counted]')
    assert.deepEqual(texts().slice(known), ['7KQ2M4XAVT9C0H3RZ'], 'nothing is sent while blocked')
    await acknowledge()
    await page.waitForSelector('[data-overlay=blocked]', { state: 'detached' })
  }
  await wedge(page, 'AGAIN')
  await counter(1)
})

test('the_scanner_test_shows_text_bytes_and_keys_and_sends_nothing', async () => {
  await openPack()
  await page.goto(`${agent.url}#/test`)
  await wedge(page, 'AB␝1')
  await page.waitForSelector('[data-tested]')
  assert.equal(await page.textContent('[data-text]'), 'AB‹GS›1')
  assert.equal(await page.textContent('[data-hex]'), '41 42 1D 31')
  assert.match(await page.textContent('[data-raw]'), /keydown A KeyA 65/)
  assert.deepEqual(agent.scans, [])
})

test('a_code_with_markup_is_shown_as_text', async () => {
  await openPack()
  await wedge(page, '<img src=x onerror=alert(1)>')
  await counter(1)
  assert.equal(await page.textContent('[data-last] .code'), '<img src=x onerror=alert(1)>')
})

for (const name of ['zh-CN', 'en']) {
  test(`every_screen_is_readable_and_touchable_${name}`, async () => {
    const bad = []
    const check = async (screen) => {
      await page.waitForTimeout(350)
      await shoot(page, `${name}-${screen}`)
      bad.push(...(await faults(page)).map((fault) => `${screen}: ${fault}`))
    }
    await page.goto(agent.url)
    await language(name)
    await page.goto('about:blank')
    await page.goto(agent.url)
    await page.waitForSelector('[data-form=login]')
    await check('login')
    await page.fill('#login', 'wang')
    await page.fill('#pin', '2468')
    await page.click('[data-act=login]')
    await page.waitForSelector('[data-form=site]')
    await check('site')
    await page.click('[data-site="1"]')
    await page.waitForSelector('[data-task]')
    await check('home')
    agent.online = false
    await page.waitForSelector('[data-badge=offline]')
    await page.evaluate(() => document.querySelector('.scroll').scrollTo(0, 9999))
    await check('home-offline-end')
    await page.evaluate(() => document.querySelector('.scroll').scrollTo(0, 0))
    for (const entry of ['pack', 'relabel', 'unpack', 'verify', 'ship', 'lookup', 'receive']) {
      await page.click(`[data-entry=${entry}]`)
      if (entry === 'pack') await check('choose-task')
      if (entry === 'pack') await page.click('[data-task]')
      await page.waitForSelector(`.scan[data-screen=${entry}]`)
      if (entry === 'pack') await scanEverything(check)
      await check(entry)
      await page.click('[data-act=back]')
      await page.waitForSelector('[data-entries]')
    }
    for (const screen of ['exceptions', 'sync', 'test', 'line']) {
      await page.goto(`${agent.url}#/${screen}`)
      if (screen === 'test') await wedge(page, '0106901234567892␝21AB')
      await page.waitForTimeout(300)
      await check(screen)
    }
    await page.setViewportSize({ width: 1280, height: 800 })
    await check('line-wide')
    await page.setViewportSize({ width: 360, height: 640 })
    await page.goto(agent.url)
    await language('zh-CN')
    assert.deepEqual(bad, [])
  })
}

async function scanEverything(check) {
  await check('pack-empty')
  for (let i = 0; i < 11; i += 1) await wedge(page, `7KQ2M4XAVT9C0H3R${i}`)
  await counter(11)
  await check('pack-accepted')
  agent.next = { tone: 'warning', provisional: true, message: { code: 'repeat', params: { at: Date.now() } } }
  await wedge(page, '7KQ2M4XAVT9C0H3R1')
  await tone('warning')
  await check('pack-warning')
  agent.next = { tone: 'refused', message: { code: 'already_packed', params: { code: '7KQ2M4XAVT9C0H3RZ', parent: '(00)069012345678909999' } } }
  await wedge(page, '7KQ2M4XAVT9C0H3RZ')
  await page.waitForSelector('[data-overlay]')
  await wedge(page, '7KQ2M4XAVT9C0H3RZ')
  await page.waitForSelector('[data-not-counted]')
  await check('pack-refused')
  await wedge(page, 'ST*OK*')
  await page.waitForSelector('[data-overlay]', { state: 'detached' })
}
