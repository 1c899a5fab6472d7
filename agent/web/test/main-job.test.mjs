// The main job on the real page, the real agent and the real cloud: pack a case by typed scans, be refused, undo, reload,
// lose the agent and the network in the middle of a case.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { faults, openBrowser, relaxKeyLimit, shoot, wedge } from './browser.mjs'
import { startAgent, startCloud } from './programs.mjs'

const PER_CASE = 6
let cloud, agent, browser, page, order, units, cases

before(async () => {
  cloud = await startCloud()
  const product = await cloud.call('POST', '/products', { name: '测试啤酒 500ml', gtin: '06901234567892', plan: [{ level: 'case', holds: PER_CASE }, { level: 'pallet', holds: 2 }] })
  const site = await cloud.call('POST', '/sites', { name: '一号仓库', kind: 'warehouse' })
  await cloud.call('POST', '/operators', { login: 'wang', name: '王芳', role: 'operator', pin: '2468', sites: [site.id] })
  order = await cloud.call('POST', '/orders', { number: 'PO-1', product: product.id, lot: 'L1', quantity: 4 * PER_CASE })
  await cloud.call('POST', `/orders/${order.id}/codes`, { units: 4 * PER_CASE, cases: 4, pallets: 2 })
  const roll = async (level) => (await cloud.call('GET', `/orders/${order.id}/rolls/${level}`)).trim().split(/\r?\n/)
  units = await roll('unit')
  cases = await roll('case')
  await cloud.call('POST', `/orders/${order.id}/release`, { tasks: [{ site: site.id, kind: 'device', quantity: 4 * PER_CASE }] })
  const { token } = await cloud.call('POST', '/devices/tokens', { name: 'PDA-1', sites: [site.id] })
  agent = await startAgent(cloud, token)
  browser = await openBrowser()
  page = browser.page
  await relaxKeyLimit(page)
})

after(async () => {
  await browser?.close()
  await agent?.stop()
  await cloud?.stop()
})

const counter = (n) => page.waitForFunction((n) => document.querySelector('.counter-number')?.textContent === String(n), n)
const count = async () => Number(await page.textContent('.counter-number'))

/** Scans one code and waits for the agent's word on it. */
async function scan(text) {
  const n = Number(await page.getAttribute('.feedback', 'data-n'))
  await wedge(page, text)
  await page.waitForFunction((n) => Number(document.querySelector('.feedback')?.dataset.n) > n, n)
  return page.getAttribute('.feedback', 'data-tone')
}

test('an_operator_signs_in_and_sees_the_task_of_the_order', async () => {
  await page.goto(agent.url)
  await page.fill('#login', 'wang')
  await page.fill('#pin', '0000')
  await page.click('[data-act=login]')
  await page.waitForSelector('text=工号或密码不对')
  assert.equal(await page.inputValue('#login'), 'wang')
  await page.fill('#pin', '2468')
  await page.click('[data-act=login]')
  await page.waitForSelector('[data-task]')
  assert.match(await page.textContent('[data-task]'), /测试啤酒 500ml.*0 \/ 24.*PO-1.*L1/s)
})

test('scans_count_up_and_a_repeat_or_foreign_code_does_not', async () => {
  await page.click('[data-task]')
  await page.waitForSelector('.scan[data-screen=pack]')
  for (let i = 0; i < 3; i += 1) assert.equal(await scan(units[i]), 'accepted')
  assert.equal(await count(), 3)
  assert.notEqual(await scan(units[0]), 'accepted')
  if (await page.$('[data-overlay=blocked]')) await wedge(page, 'ST*OK*')
  await page.waitForSelector('[data-overlay=blocked]', { state: 'detached' })
  assert.equal(await count(), 3)
  assert.equal(await scan('(01)09999999999994(21)NOTOURS'), 'refused')
  await page.waitForSelector('[data-overlay=blocked]')
  await shoot(page, 'real-refused')
  await wedge(page, units[3])
  await page.waitForSelector('[data-not-counted]')
  await page.reload()
  await page.waitForSelector('text=产品不对')
  await page.click('[data-act=acknowledge]')
  await page.waitForSelector('[data-overlay=blocked]', { state: 'detached' })
  assert.equal(await count(), 3)
  assert.deepEqual(await faults(page), [])
})

test('undo_takes_the_last_scan_back_by_button_and_by_barcode', async () => {
  await page.click('[data-act=undo]')
  await counter(2)
  await wedge(page, 'ST*UNDO*')
  await counter(1)
  for (const i of [1, 2]) assert.equal(await scan(units[i]), 'accepted')
  assert.equal(await count(), 3)
})

test('a_picture_without_a_code_says_so', async () => {
  await page.click('[data-act=camera]')
  await page.waitForSelector('[data-camera]:not([data-phase=starting])')
  await page.setInputFiles('[data-act=picture] input', { name: 'label.png', mimeType: 'image/png', buffer: await page.screenshot() })
  await page.waitForSelector('.feedback[data-tone=warning]')
  assert.match(await page.textContent('.feedback [data-message]'), /图片里没有找到条码/)
  await page.click('[data-act=camera-close]')
  assert.equal(await count(), 3)
})

test('an_ended_session_asks_for_the_login_and_says_what_did_not_count', async () => {
  await page.context().clearCookies()
  await wedge(page, units[3])
  await page.waitForSelector('text=登录已失效')
  await page.fill('#login', 'wang')
  await page.fill('#pin', '2468')
  await page.click('[data-act=login]')
  await page.waitForSelector('text=有 1 次扫码没有确认')
  await page.click('[data-act=checked]')
  await counter(3)
})

test('a_killed_agent_loses_nothing_and_scans_meanwhile_are_refused_aloud', async () => {
  await page.reload()
  await counter(3)
  await agent.kill()
  await wedge(page, units[3])
  await page.waitForSelector('[data-overlay=down][data-state=down]')
  await wedge(page, units[4])
  await page.waitForSelector('text=有 2 次扫码没有确认')
  assert.equal(await page.evaluate(() => document.documentElement.dataset.sound), 'critical')
  await shoot(page, 'real-agent-down')
  assert.deepEqual(await faults(page), [])
  await agent.restart()
  await page.waitForSelector('[data-overlay=down][data-state=check]')
  await counter(3)
  await wedge(page, 'ST*OK*')
  await page.waitForSelector('[data-overlay]', { state: 'detached' })
  assert.equal(await count(), 3, 'nothing was kept back and sent later')
})

test('without_the_cloud_the_case_is_finished_and_kept_as_unsent', async () => {
  await cloud.halt()
  await page.waitForSelector('[data-badge=offline]', { timeout: 60000 })
  for (let i = 3; i < PER_CASE; i += 1) assert.equal(await scan(units[i]), 'accepted')
  await scan(cases[0])
  if (await page.isEnabled('[data-act=confirm]')) await wedge(page, 'ST*CONFIRM*')
  await counter(0)
  await page.waitForSelector('[data-badge=unsent]')
  await shoot(page, 'real-offline')
  await wedge(page, 'ST*BACK*')
  await page.waitForSelector('[data-task]')
  assert.match(await page.textContent('[data-task]'), /6 \/ 24/)
  assert.deepEqual(browser.errors, [])
})

test('when_the_cloud_is_back_the_case_arrives_there_once', async () => {
  await cloud.resume()
  await page.waitForSelector('[data-badge=online]', { timeout: 60000 })
  await page.waitForSelector('[data-badge=unsent]', { state: 'detached', timeout: 60000 })
  const { produced } = await cloud.call('GET', `/orders/${order.id}`)
  assert.deepEqual([produced.units, produced.cases], [PER_CASE, 1])
  assert.equal((await agent.status()).unsent_operations, 0)
  assert.deepEqual(browser.errors, [])
})
