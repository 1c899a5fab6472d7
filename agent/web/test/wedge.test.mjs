// What a scanner can do to a page: very long scans, control characters, markup, statements, keys that come twice. On
// canned answers, so that what arrives is seen exactly.
import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { boxes, openBrowser, relaxKeyLimit, wedge } from './browser.mjs'
import { standIn } from './stand-in.mjs'

const CHARS_MAX = 4096

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
  await page.goto(agent.url)
  await page.fill('#login', 'wang')
  await page.fill('#pin', '2468')
  await page.click('[data-act=login]')
  await page.click('[data-site="1"]')
  await page.waitForSelector('[data-entries]')
  await page.click('[data-entry=unpack]')
  await page.waitForSelector('.scan[data-screen=unpack]')
})
afterEach(async () => {
  await page.goto('about:blank')
  await agent.close()
  assert.deepEqual(browser.errors, [])
})

const arrived = async (n) => {
  for (const deadline = Date.now() + 10000; agent.scans.length < n; await new Promise((resolve) => setTimeout(resolve, 20))) assert.ok(Date.now() < deadline, `${agent.scans.length} of ${n}`)
  await page.waitForTimeout(100)
  return agent.scans.map((scan) => scan.text)
}

test('four_thousand_characters_are_one_scan_and_one_more_is_refused_whole', async () => {
  const before = await boxes(page)
  await page.keyboard.insertText('7'.repeat(CHARS_MAX))
  await page.keyboard.press('Enter')
  assert.deepEqual((await arrived(1)).map((text) => text.length), [CHARS_MAX])
  assert.equal(await boxes(page), before, 'nothing jumps for a long text')
  await page.keyboard.insertText('8'.repeat(CHARS_MAX + 1))
  await page.keyboard.press('Enter')
  await page.waitForSelector('text=条码过长')
  await wedge(page, 'NEXT')
  assert.deepEqual((await arrived(2)).slice(1), ['NEXT'])
})

test('control_characters_in_a_scan_are_the_codes_and_no_shortcuts_of_the_browser', async () => {
  await page.keyboard.type('[)>')
  await page.keyboard.press('Control+^')
  await page.keyboard.type('06')
  await page.keyboard.press('Control+]')
  await page.keyboard.type('1P')
  await page.keyboard.press('Control+f')
  await page.keyboard.type('X')
  await page.keyboard.press('Control+d')
  await page.keyboard.press('Enter')
  assert.deepEqual(await arrived(1), ['[)>\u001e06\u001d1P\u0006X\u0004'])
})

test('a_scanner_that_presses_enter_twice_scans_once_and_presses_nothing', async () => {
  agent.commands.length = 0
  await wedge(page, 'FIRST')
  await page.keyboard.press('Enter')
  await page.waitForSelector('[data-act=undo]:enabled')
  await page.focus('[data-act=undo]')
  await wedge(page, 'SECOND')
  await page.keyboard.press('Enter')
  assert.deepEqual(await arrived(2), ['FIRST', 'SECOND'])
  assert.deepEqual(agent.commands, [])
})

test('markup_and_statements_in_a_code_are_text', async () => {
  const texts = ['<img src=x onerror=document.title=1>', "'; drop table items; --", '{{ 7 * 7 }}', '${7*7}', '</script><script>document.title=2</script>']
  for (const text of texts) {
    agent.next = { tone: 'warning', message: { code: 'unreadable', params: { text } } }
    await wedge(page, text)
    await page.waitForFunction((text) => document.querySelector('.feedback [data-message]')?.textContent.includes(text), text.replace(/[{}]/g, ' '))
  }
  assert.deepEqual(await arrived(texts.length), texts)
  assert.deepEqual(await page.$$eval('[data-last] .code', (rows) => rows.map((row) => row.textContent)), [...texts].reverse())
  assert.equal(await page.title(), 'Sealtrace')
  assert.equal(await page.$('#app img'), null)
})

test('a_scan_that_two_listeners_of_the_shell_deliver_counts_once', async () => {
  const both = (text) => page.evaluate((text) => document.dispatchEvent(new CustomEvent('sealtrace:scan', { detail: { text } })), text)
  await Promise.all([wedge(page, 'TWICE'), both('TWICE')])
  await wedge(page, 'ONCE')
  assert.deepEqual(await arrived(2), ['TWICE', 'ONCE'])
})
