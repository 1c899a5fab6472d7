// Labels on the spot, with the real agent and a printer on the network: what comes out of it is read by the agent itself.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { faults, openBrowser, relaxKeyLimit, shoot, wedge } from './browser.mjs'
import { delivered, plant, printed, scanning } from './plant.mjs'
import { startAgent, startCloud, startPrinter } from './programs.mjs'

let cloud, place, agent, printer, browser, page, hand, first, second

const config = (address) => `[[printer]]
name = "一号台"
profile = "virtual-zpl"
port = "${address}"
labels = ["case-100x60", "replacement-50x30", "unit-40x20"]
`

before(async () => {
  cloud = await startCloud()
  printer = await startPrinter()
  place = await plant(cloud)
  await place.person('wang', '王芳', 'operator')
  first = await printed(cloud, place, 'PO-1', place.beer, 'L1')
  second = await printed(cloud, place, 'PO-2', place.water, 'L2')
  agent = await startAgent(cloud, await place.device('PDA-1'), config(printer.address))
  browser = await openBrowser()
  page = browser.page
  await relaxKeyLimit(page)
  hand = scanning(page, wedge)
  await page.goto(agent.url)
  await hand.signIn('wang', 1)
})

after(async () => {
  await browser?.close()
  await agent?.stop()
  await printer?.stop()
  await cloud?.stop()
})

/** What the agent reads on a label that came out. */
const read = async (n) => {
  const png = [...(await printer.label(n))]
  return page.evaluate(async (png) => {
    const response = await fetch('/api/camera', { method: 'POST', headers: { 'Content-Type': 'image/png' }, body: new Uint8Array(png) })
    return (await response.json()).decoded.map((one) => one.scan)
  }, png)
}
const left = async () => Number(/\d+/.exec(await page.textContent('[data-level=case] .choice-small'))[0])
const queued = async () => (await page.textContent('[data-queued]')).match(/\(00\)\d{18}/)?.[0] ?? null
const openPrint = async () => {
  await wedge(page, 'ST*PRINT*')
  await page.waitForSelector('[data-print-form]')
}

test('a_full_case_gets_its_label_by_one_scan_and_the_label_closes_it', async () => {
  await hand.open('pack', 'ST*1*')
  for (const text of first.units) await hand.scan(text)
  await page.waitForSelector('[data-act=print-offer]')
  await shoot(page, 'print-offer')
  assert.deepEqual(await faults(page), [])
  await wedge(page, 'ST*PRINT*')
  await page.waitForSelector('.feedback [data-message]:has-text("标签已送 一号台")')
  const [scan] = await read(1)
  assert.match(scan, /^\]C100\d{18}$/)
  assert.equal(await hand.scan(scan), 'accepted')
  assert.match(await hand.said(), /已保存/)
  await hand.back()
})

test('a_test_label_takes_no_number_and_no_scan_of_it_is_accepted', async () => {
  await openPrint()
  await page.waitForSelector('[data-level=case]')
  const before = await left()
  await page.click('[data-kind=test]')
  await page.waitForSelector('[data-preview] img')
  await page.click('[data-act=print]')
  await page.waitForSelector('[data-queued]')
  const [scan] = await read(2)
  assert.equal(scan, `]C100${'0'.repeat(18)}`)
  assert.equal(await left(), before)
  await shoot(page, 'print-test')
  assert.deepEqual(await faults(page), [])
})

test('what_is_previewed_is_what_comes_out_and_it_takes_a_number', async () => {
  await page.click('[data-kind=fresh]')
  const before = await left()
  await page.click('[data-print-form] [data-task]')
  await wedge(page, 'ST*1*')
  await page.waitForFunction(() => document.querySelector('[data-preview] img')?.naturalWidth > 0)
  const preview = await page.evaluate(async () => (await fetch(document.querySelector('[data-preview] img').src)).text())
  assert.match(preview, /矿泉水|经典啤酒/)
  await shoot(page, 'print-fresh')
  assert.deepEqual(await faults(page), [])
  await page.click('[data-act=more]')
  await wedge(page, 'ST*CONFIRM*')
  await page.waitForSelector('[data-queued]:has-text("(00)")')
  const code = await queued()
  assert.deepEqual(await read(3), [`]C1${code.replace(/[()]/g, '')}`])
  await page.waitForFunction((n) => Number(/\d+/.exec(document.querySelector('[data-level=case] .choice-small').textContent)[0]) === n, before - 1)
})

test('a_label_is_printed_again_for_a_reason_that_is_written_down', async () => {
  const code = await queued()
  await page.click('[data-tab=jobs]')
  await page.waitForSelector('[data-job]')
  await shoot(page, 'print-jobs')
  assert.deepEqual(await faults(page), [])
  await wedge(page, `]C1${code.replace(/[()]/g, '')}`)
  await page.waitForSelector('[data-job-detail] [data-state=printed]')
  assert.match(await page.textContent('[data-events]'), /提交.*王芳.*打印完成/s)
  await page.click('[data-act=reprint]')
  assert.equal(await page.isDisabled('[data-act=reprint]'), true, 'a reason is needed')
  await wedge(page, 'ST*1*')
  await page.waitForSelector('[data-why=damaged][aria-checked=true]')
  await shoot(page, 'print-again')
  assert.deepEqual(await faults(page), [])
  await page.click('[data-act=reprint]')
  await page.waitForSelector('[data-jobs] [data-job]')
  assert.deepEqual(await read(4), [`]C1${code.replace(/[()]/g, '')}`], 'the same number again')
  await page.click('[data-job] >> nth=0')
  await page.waitForSelector('[data-why-said]')
  assert.match(await page.textContent('[data-job-detail]'), /破损/)
})

test('a_damaged_label_is_replaced_by_a_new_number_that_says_what_the_old_one_said', async () => {
  await wedge(page, 'ST*BACK*')
  await hand.open('relabel', 'ST*1*')
  const old = (await read(1))[0]
  await hand.scan(old)
  await page.waitForSelector('[data-act=print-offer]')
  await page.click('[data-act=print-offer]')
  await page.waitForSelector('.feedback [data-message]:has-text("标签已送")')
  const [fresh] = await read(5)
  assert.notEqual(fresh, old)
  assert.equal(await hand.scan(fresh), 'accepted')
  await delivered(agent)
  const trace = await cloud.call('GET', `/trace?text=${encodeURIComponent(fresh.replace(']C100', '(00)'))}`)
  assert.deepEqual([trace.state, trace.level, trace.lot], ['active', 'case', 'L1'])
  await hand.back()
})

test('a_printer_that_is_gone_is_said_in_words_and_its_label_waits', async () => {
  await printer.stop()
  await openPrint()
  await page.click('[data-kind=test]')
  await page.click('[data-act=print]')
  await page.waitForSelector('[data-problem]', { timeout: 20000 })
  assert.match(await page.textContent('[data-problem]'), /一号台：连不上打印机/)
  await page.click('[data-tab=jobs]')
  await page.waitForSelector('[data-job][data-state=queued]')
  await page.click('[data-job][data-state=queued]')
  await page.click('[data-decide=cancel]')
  await page.waitForSelector('[data-job-detail] [data-state=cancelled]')
  await shoot(page, 'print-gone')
  assert.deepEqual(await faults(page), [])
  assert.deepEqual(browser.errors, [])
})
