// The print page on canned printers and jobs: everything it can show fits, reads and can be touched; decisions reach the
// agent. What comes out of a printer is tested in print.test.mjs.
import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { faults, openBrowser, relaxKeyLimit, shoot, wedge } from './browser.mjs'
import { standIn } from './stand-in.mjs'
import { printing } from './stand-in-print.mjs'

let browser, page, agent

before(async () => {
  browser = await openBrowser()
  page = browser.page
  await relaxKeyLimit(page)
})
after(() => browser?.close())
beforeEach(async () => {
  agent = await standIn()
  agent.printing = printing()
})
afterEach(async () => {
  await page.goto('about:blank')
  await agent.close()
  assert.deepEqual(browser.errors.splice(0), [])
})

async function open(language = 'zh-CN') {
  await page.goto(agent.url)
  await page.evaluate((name) => localStorage.setItem('sealtrace.language', name), language)
  await page.reload()
  await page.fill('#login', 'wang')
  await page.fill('#pin', '2468')
  await page.click('[data-act=login]')
  await page.click('[data-site="1"]')
  await page.click('[data-go=print]')
  await page.waitForSelector('[data-print-form]')
}
const wanted = async (n) => {
  for (let i = 0; i < 200 && agent.printing.wanted.length < n; i += 1) await page.waitForTimeout(20)
  return agent.printing.wanted[n - 1]
}

test('printer_template_number_and_task_are_chosen_and_asked_for', async () => {
  await open()
  assert.match(await page.textContent('[data-problem]'), /托盘机：打印机缺/)
  assert.match(await page.textContent('[data-low=pallet]'), /托标签号快用完了，还剩 12 张/)
  await page.click('[data-template="replacement-50x30"]')
  await page.click('[data-act=more]')
  await page.fill('#print-units', '17')
  await page.click('[data-act=print]')
  assert.deepEqual(await wanted(1), { what: 'fresh', template: 'replacement-50x30', copies: 2, level: 'case', task: 7, count: 17 })
  await page.click('[data-level=pallet]')
  await page.click('[data-act=print]')
  assert.deepEqual(await wanted(2), { what: 'fresh', copies: 1, level: 'pallet', task: 7, count: 17 }, 'a template of the other printer is not kept')
})

test('a_label_that_is_scanned_is_printed_again_only_with_a_reason', async () => {
  await open()
  await wedge(page, ']C100069012345678901234')
  await page.waitForSelector('[data-kind=again][aria-checked=true]')
  assert.equal(await page.isDisabled('[data-act=print]'), true)
  await page.click('[data-why=other]')
  assert.equal(await page.isDisabled('[data-act=print]'), true, 'words are needed')
  await page.fill('[data-field=why]', '贴歪了')
  await page.click('[data-act=print]')
  assert.deepEqual(await wanted(1), { what: 'again', copies: 1, text: ']C100069012345678901234', why: '贴歪了' })
})

test('what_is_uncertain_is_decided_by_who_looked_at_the_printer', async () => {
  await open()
  await page.click('[data-tab=jobs]')
  await page.waitForSelector('[data-job="3"]')
  await wedge(page, 'ST*1*')
  await page.waitForSelector('[data-job-detail] [data-state=uncertain]')
  assert.deepEqual(await page.$$eval('[data-decide]', (buttons) => buttons.map((button) => button.dataset.decide)), ['printed', 'again', 'cancel'])
  await page.keyboard.press('1')
  assert.deepEqual(await wanted(1), { id: 3, decision: 'printed' })
  await page.waitForSelector('[data-job-detail] [data-state=printed]')
})

test('what_the_agent_refuses_is_said_and_nothing_is_forgotten', async () => {
  await open()
  agent.refusal = { code: 'labels_used_up', params: { level: 'case' } }
  await page.fill('#print-units', '5')
  await page.click('[data-act=print]')
  await page.waitForSelector('.print-failure')
  assert.match(await page.textContent('.print-failure'), /标签号|用完/)
  assert.equal(await page.inputValue('#print-units'), '5')
})

for (const language of ['zh-CN', 'en']) {
  test(`every_view_of_the_print_page_is_readable_and_touchable_${language}`, async () => {
    const bad = []
    const check = async (name) => {
      await page.waitForTimeout(100)
      await shoot(page, `printing-${language}-${name}`)
      bad.push(...(await faults(page)).map((fault) => `${name}: ${fault}`))
    }
    await open(language)
    for (const kind of ['fresh', 'replacing', 'again', 'test']) {
      await page.click(`[data-kind=${kind}]`)
      await check(kind)
    }
    await page.click('[data-kind=fresh]')
    await page.click('[data-print-form] [data-task]')
    await page.waitForSelector('[data-task=none]')
    await check('task')
    await page.click('[data-task=none]')
    await page.click('[data-tab=jobs]')
    await page.waitForSelector('[data-job]')
    await check('jobs')
    for (const id of [3, 4, 2]) {
      await page.click(`[data-job="${id}"]`)
      await page.waitForSelector('[data-job-detail] [data-state]')
      if (id === 2) await page.click('[data-act=reprint]')
      await check(`job-${id}`)
      await page.click('[data-act=back]')
    }
    agent.printing.printers = { rows: [], labels: [] }
    await page.reload()
    await page.waitForSelector('[data-none]')
    await check('no-printer')
    await page.evaluate(() => localStorage.setItem('sealtrace.language', 'zh-CN'))
    assert.deepEqual(bad, [])
  })
}
