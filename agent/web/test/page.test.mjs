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

async function openShip() {
  await page.click('[data-entry=ship]')
  await page.click('[data-document]')
  await page.waitForSelector('.scan[data-screen=ship]')
}

async function openPack() {
  await signIn()
  await page.click('[data-entry=pack]')
  await page.click('[data-choose=pack] [data-task]')
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

test('a_scan_that_a_shell_app_hands_to_the_agent_is_shown_once_by_the_page_that_waits', async () => {
  await openPack()
  while (agent.waiters.length === 0) await page.waitForTimeout(20)
  agent.broadcast('FROM THE SHELL')
  await counter(1)
  await tone('accepted')
  const n = await page.getAttribute('.feedback', 'data-n')
  await wedge(page, 'BY WEDGE')
  await counter(2)
  assert.equal(Number(await page.getAttribute('.feedback', 'data-n')), Number(n) + 1)
})

test('a_scan_presses_no_button_and_scrolls_nothing', async () => {
  await openPack()
  agent.commands.splice(0)
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
  await page.click('[data-act=camera]')
  await page.waitForSelector('[data-camera]:not([data-phase=starting])')
  await page.focus('[data-act=picture] input')
  await wedge(page, 'STILL SCANNED')
  await counter(1)
  await page.click('[data-act=camera-close]')
  await wedge(page, 'AND AFTER')
  await counter(2)
  assert.deepEqual(texts(), ['STILL SCANNED', 'AND AFTER'])
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

const code = '(00)069012345678901234'
const product = { id: 1, name: '经典 500ml', gtin: '06901234567892' }
const dealer = { id: 2, name: '金陵酒业' }
const site = { id: 1, name: '一号仓库' }
const document = { id: 5, number: 'SO-88121' }
/** Refusals as the agent sends them, with what a person must read in both languages. */
const REFUSALS = Object.fromEntries(
  [
    ['unauthorised', { code, product, party: site }, /没有授权：一号仓库 不能经手 经典 500ml/, /Not authorised: 一号仓库 may not have 经典 500ml/],
    ['lot_blocked', { code, product, lot: 'L7' }, /批次 L7 被质检锁定，不能出库：经典 500ml/, /Lot L7 is blocked by quality control and must not leave: 经典 500ml/],
    ['lot_pending', { code, product, lot: 'L7' }, /批次 L7 质检还没有放行/, /Lot L7 is not released by quality control yet/],
    ['wrong_dealer', { code, dealer, expected: { id: 3, name: '姑苏酒行' } }, /给 姑苏酒行 的专供货，不能发给 金陵酒业/, /made for 姑苏酒行, not for 金陵酒业/],
    ['not_received', { code, at: { id: 3, name: '青岛一厂' } }, /还没有在本处入库，系统里它在 青岛一厂/, /Never received here, it is at 青岛一厂/],
    ['wrong_mix', { parent: code, product, holds: 2, count: 3 }, /礼盒搭配不对：经典 500ml 应有 2 瓶，已扫 3 瓶/, /Wrong mix: 经典 500ml needs 2, 3 scanned/],
    ['wrong_document', { document, kind: 'transfer' }, /这是调拨单/, /its kind is: Transfer/],
    ['not_under_document', { code, document }, /不是按单据 SO-88121 出库的/, /not shipped on document SO-88121/],
    ['wrong_site', { document, site, expected: { id: 2, name: '二号仓库' } }, /别的部署点：二号仓库/, /another site: 二号仓库/],
    ['not_on_document', { code, product, document }, /单据 SO-88121 上没有这个产品：经典 500ml/, /Document SO-88121 does not ask for this product: 经典 500ml/],
    ['over', { code, document, product, ordered: 480, would: 504 }, /超出单据数量（经典 500ml）：单据要 480 瓶，加上它是 504 瓶/, /\(经典 500ml\): 480 bottles asked, this makes 504/],
    ['over_share', { code, document, product, ordered: 240, would: 264 }, /超出本机份额（经典 500ml）：本机做 240 瓶，加上它是 264 瓶/, /your share \(经典 500ml\): 240 bottles are yours, this makes 264/],
    ['document_closed', { document }, /单据 SO-88121 不可用/, /Document SO-88121 cannot be used/],
    ['task_closed', { task: 7 }, /任务不可用/, /The task cannot be used/],
    ['task_done', { made: 240, quantity: 240 }, /任务已完成（240 \/ 240）/, /The task is done \(240 \/ 240\)/],
    ['operator_not_permitted', { operator: { id: 4, name: '王芳' }, site }, /王芳 不能在 一号仓库 作业/, /王芳 may not work at 一号仓库/],
    ['role_not_permitted', { needs: 'supervisor' }, /你的角色不能做这一项，需要班组长/, /Not for your role: needs a supervisor/],
  ].map(([name, params, zh, en]) => [name, { message: { code: name, params }, words: { 'zh-CN': zh, en } }]),
)

for (const name of ['zh-CN', 'en']) {
  test(`every_refusal_says_what_it_is_about_${name}`, async () => {
    await signIn()
    await language(name)
    await page.reload()
    await openShip()
    for (const [name_, { message, words }] of Object.entries(REFUSALS)) {
      agent.next = { tone: 'refused', message }
      await wedge(page, `A ${name_}`)
      await page.waitForSelector('[data-overlay=blocked]')
      assert.match(await page.textContent('[data-overlay] [data-message]'), words[name], name_)
      await wedge(page, 'ST*OK*')
      await page.waitForSelector('[data-overlay=blocked]', { state: 'detached' })
    }
    await language('zh-CN')
  })
}

test('a_load_shows_line_by_line_what_has_moved_what_is_loaded_and_whose_it_is', async () => {
  await signIn()
  await openShip()
  const lines = async () => (await page.$$eval('[data-lines] li', (rows) => rows.map((row) => row.innerText.replace(/\s+/g, ' ').trim())))
  assert.deepEqual(await lines(), ['青岛啤酒 经典 500ml 120 / 240 本机份额 240 / 480', '崂山白葡萄酒 750ml 48 / 48'])
  const before = await boxes(page)
  await wedge(page, '(00)069012345678901234')
  await counter(1)
  assert.equal((await lines())[0], '青岛啤酒 经典 500ml 120 + 24 / 240 本机份额 240 / 480')
  assert.equal(await boxes(page), before)
})

test('goods_are_received_against_a_document_or_without_one', async () => {
  await signIn()
  await page.click('[data-entry=receive]')
  await page.waitForSelector('[data-document]')
  assert.deepEqual(await page.$$eval('[data-document]', (rows) => rows.map((row) => row.dataset.document)), ['6'])
  await page.click('[data-document="6"]')
  await page.waitForSelector('.scan[data-screen=receive] [data-lines]')
  assert.match(await page.textContent('[data-header]'), /青岛一厂.*120 \/ 624.*入库单 IN-2041/s)
  await page.click('[data-act=back]')
  await page.click('[data-entry=receive]')
  await page.click('[data-choice="0"]')
  await page.waitForSelector('.scan[data-screen=receive]')
  assert.equal(await page.$('[data-lines]'), null)
})

test('an_entry_says_how_many_documents_wait_behind_it_and_lists_only_those', async () => {
  await signIn()
  await page.waitForSelector('[data-entry=ship] [data-waiting]')
  const waiting = await page.$$eval('[data-waiting]', (counts) => counts.map((count) => `${count.closest('[data-entry]').dataset.entry} ${count.textContent}`))
  assert.deepEqual(waiting, ['receive 1', 'ship 1', 'return 1', 'transfer 1', 'count 1'])
  await page.click('[data-entry=transfer]')
  await page.waitForSelector('[data-document]')
  assert.deepEqual(await page.$$eval('[data-document]', (rows) => rows.map((row) => row.dataset.document)), ['11'])
})

test('a_task_that_is_done_is_listed_as_done_not_offered_and_its_refusal_is_said', async () => {
  await signIn()
  assert.match(await page.textContent('[data-task="8"]'), /240 \/ 240.*批次 L202604182026-04-18早班已完成/s)
  agent.refusal = { code: 'task_done', params: {} }
  await page.click('[data-task="8"]')
  await tone('refused')
  assert.match(await page.textContent('.feedback [data-message]'), /任务已完成：不再开始新的包装/)
  agent.refusal = null
  await page.click('[data-entry=pack]')
  await page.waitForSelector('[data-choose=pack] [data-task]')
  assert.deepEqual(await page.$$eval('[data-task]', (rows) => rows.map((row) => row.dataset.task)), ['7'])
})

test('who_may_not_work_at_a_site_is_told_which', async () => {
  agent.refusal = REFUSALS.operator_not_permitted.message
  await page.goto(agent.url)
  await page.fill('#login', 'wang')
  await page.fill('#pin', '2468')
  await page.click('[data-act=login]')
  await page.waitForSelector('text=王芳 不能在 一号仓库 作业')
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
    for (const entry of ['pack', 'commission', 'add_to', 'unpack', 'relabel', 'verify', 'regroup', 'receive', 'ship', 'return', 'transfer', 'count', 'lookup', 'sample', 'destroy', 'write_off']) {
      await page.click(`[data-entry=${entry}]`)
      await page.waitForSelector(`[data-choose=${entry}], .scan[data-screen=${entry}]`)
      for (let what; (what = await page.getAttribute('[data-choose]', 'data-what', { timeout: 300 }).catch(() => null)); ) {
        await check(`choose-${entry}-${what}`)
        // A return without a document asks for the dealer and whether it was opened.
        await wedge(page, entry === 'return' && what === 'document' ? 'ST*0*' : 'ST*1*')
        await page.waitForSelector(`[data-choose]:not([data-what=${what}]), .scan`)
      }
      await page.waitForSelector(`.scan[data-screen=${entry}]`)
      if (entry === 'pack') await scanEverything(check)
      if (entry === 'ship' || entry === 'receive') await load(entry, check)
      if (entry === 'add_to') await page.click('[data-act=mix]')
      if (entry === 'transfer') await believed()
      if (entry === 'count') await page.click('[data-act=close]')
      await check(entry)
      await page.click('[data-act=back]')
      await page.waitForSelector('[data-entries]')
    }
    await page.goto(`${agent.url}#/task/pack`)
    await page.waitForSelector('[data-product]')
    await check('task-product')
    await wedge(page, 'ST*1*')
    await page.waitForSelector('#task-lot')
    await check('task-form')
    for (const screen of ['exceptions', 'sync', 'test', 'line']) {
      await page.goto(`${agent.url}#/${screen}`)
      if (screen === 'test') await wedge(page, '0106901234567892␝21AB')
      await page.waitForTimeout(300)
      await check(screen)
    }
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
  await wedge(page, 'ST*CLOSE*')
  await page.waitForSelector('[data-dialog=approve]')
  await check('pack-approve')
  await page.click('[data-act=approve-later]')
  await page.waitForSelector('[data-dialog=approve]', { state: 'detached' })
}

/** A package of which something is missing, as far as the system knows. */
async function believed() {
  agent.next = { tone: 'accepted', provisional: true, message: { code: 'accepted', params: { code: '(00)069012345678901234', level: 'pallet', units: 28, of: 48 } } }
  await wedge(page, '(00)069012345678901234')
  await page.waitForSelector('[data-believed]')
  assert.match(await page.textContent('[data-believed]'), /28\s*\/ 48/)
}

async function load(entry, check) {
  await check(`${entry}-empty`)
  for (const code of ['(00)069012345678901234', '(00)069012345678901241']) await wedge(page, code)
  await counter(2)
  const refused = entry === 'ship' ? REFUSALS.wrong_dealer : REFUSALS.unauthorised
  agent.next = { tone: 'refused', message: refused.message, offer: entry === 'ship' ? { id: 15, number: 'SO-88122', dealer: { id: 3, name: '苏州姑苏酒行' } } : null }
  await wedge(page, '(00)069012345678901258')
  await page.waitForSelector('[data-overlay]')
  await check(`${entry}-refused`)
  await wedge(page, 'ST*OK*')
  await page.waitForSelector('[data-overlay]', { state: 'detached' })
}
