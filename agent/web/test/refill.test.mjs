// Label numbers through the real connection (TLS 1.3, client certificate): leased once online, given out without the cloud
// until the block is used up, said before it is, and refilled by themselves when the cloud is back.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openBrowser, relaxKeyLimit, shoot, wedge } from './browser.mjs'
import { plant, scanning } from './plant.mjs'
import { startAgent, startCloud, startPrinter } from './programs.mjs'

/** Of one lease. */
const BLOCK = 200
let cloud, agent, printer, browser, page

before(async () => {
  cloud = await startCloud()
  printer = await startPrinter()
  const place = await plant(cloud)
  await place.person('wang', '王芳', 'operator')
  agent = await startAgent(cloud, await place.device('PDA-1'), `[[printer]]\nname = "一号台"\nprofile = "virtual-zpl"\nport = "${printer.address}"\nlabels = ["case-100x60"]\n`)
  browser = await openBrowser()
  page = browser.page
  await relaxKeyLimit(page)
  await page.goto(agent.url)
  await scanning(page, wedge).signIn('wang', 1)
})

after(async () => {
  await browser?.close()
  await agent?.stop()
  await printer?.stop()
  await cloud?.stop()
})

/** Asks the agent as the page does. */
const ask = (method, path, body) =>
  page.evaluate(
    async ([method, path, body]) => {
      const response = await fetch(path, { method, headers: { 'Content-Type': 'application/json' }, ...(body ? { body } : {}) })
      return { status: response.status, answer: await response.json() }
    },
    [method, path, body && JSON.stringify(body)],
  )
const stock = async () => (await ask('GET', '/api/print')).answer.labels.find((one) => one.level === 'case')
const until = async (what, isSo) => {
  for (const deadline = Date.now() + 90000; !(await isSo()); await page.waitForTimeout(200)) assert.ok(Date.now() < deadline, what)
}
const given = new Set()
const print = async () => {
  const { status, answer } = await ask('POST', '/api/print', { what: 'fresh', level: 'case' })
  if (status === 201) {
    assert.ok(!given.has(answer.code), `${answer.code} was given out twice`)
    given.add(answer.code)
  }
  return { status, answer }
}

test('a_block_is_leased_over_tls_as_soon_as_the_device_is_online', async () => {
  await until('labels are leased', async () => (await stock()).left === BLOCK)
  assert.deepEqual(await stock(), { level: 'case', left: BLOCK, low: false })
})

test('without_the_cloud_labels_are_given_out_to_the_last_and_running_out_is_said_before', async () => {
  await cloud.halt()
  await page.waitForSelector('[data-badge=offline]', { timeout: 60000 })
  await page.click('[data-go=print]')
  await page.waitForSelector('[data-print-form]')
  for (let left = BLOCK - 1; left >= BLOCK / 4; left -= 1) assert.equal((await print()).status, 201)
  assert.equal((await stock()).low, true)
  await page.waitForSelector('[data-low=case]')
  assert.match(await page.textContent('[data-low=case]'), /箱标签号快用完了，还剩 50 张：请联网领取/)
  await shoot(page, 'refill-low')
  for (let left = BLOCK / 4; left > 0; left -= 1) assert.equal((await print()).status, 201)
  assert.deepEqual(await stock(), { level: 'case', left: 0, low: true })
  const none = await print()
  assert.deepEqual([none.status, none.answer.error.code], [409, 'labels_used_up'])
  await page.waitForSelector('[data-low=case]:has-text("已用完")')
  assert.equal(given.size, BLOCK)
})

test('when_the_cloud_is_back_the_next_block_comes_by_itself_and_none_of_its_numbers_was_given_out', async () => {
  await cloud.resume()
  await until('the next block is leased', async () => (await stock()).left === BLOCK)
  assert.equal((await stock()).low, false)
  assert.equal((await print()).status, 201)
  await page.waitForSelector('[data-low=case]', { state: 'detached' })
  assert.deepEqual(browser.errors, [])
})
