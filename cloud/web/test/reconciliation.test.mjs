// 标签核销: the page of rolls, what was scanned unregistered, and declaring void what nobody has accounted for.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openBrowser } from './browser.mjs'
import { ADMIN, furnish, startCloud } from './cloud.mjs'
import { hands } from './hands.mjs'

let cloud
let world
let browser
let page
let person

before(async () => {
  cloud = await startCloud()
  world = await furnish(cloud.base)
  browser = await openBrowser({ width: 1440, height: 900 })
  page = browser.page
  person = hands(page, cloud.base)
  await person.signIn(ADMIN)
})
after(async () => {
  await browser?.close()
  await cloud?.stop()
})

const code = () => world.printed[7].split('/').pop()
const scan = () => world.api.post('/verifications', { text: code() })
const sum = (name) => page.locator(`[data-sum=${name}]`).innerText()
const openUnits = async () => {
  await person.row('瓶').locator('[data-open]').click()
  await page.waitForSelector('[data-test=roll]')
}

test('every roll adds up, and labels scanned before their line has reported stand out', async () => {
  assert.equal((await scan()).verdict, 'pending')
  await person.menu('标签核销')
  await person.row('PO-0001').first().waitFor()
  assert.deepEqual([await sum('issued'), await sum('applied'), await sum('unaccounted')], ['525', '0', '525'])
  assert.equal(await page.locator('[data-scanned]').innerText(), '1 个已被扫码')
  await openUnits()
  assert.match(await page.innerText('[data-test=roll]'), /PO-0001 · 瓶/)
  assert.match(await page.innerText('[data-test=scans]'), new RegExp(code()))
  await page.reload()
  await page.waitForSelector('[data-test=roll]')
  await page.keyboard.press('Escape')
  await page.waitForSelector('[data-test=roll]', { state: 'detached' })
  await page.click('[data-filter=level]')
  await page.locator('.el-select-dropdown__item:visible', { hasText: '箱' }).click()
  await page.waitForFunction(() => document.querySelector('[data-sum=issued]')?.textContent === '22')
  assert.match(page.url(), /level=case/)
})

test('an order leads to its own rolls', async () => {
  await page.goto(`${cloud.base}/console/orders/${world.order.id}`)
  await page.click('[data-test=to-reconciliation]')
  await page.waitForFunction(() => document.querySelector('[data-sum=issued]')?.textContent === '525')
  assert.match(page.url(), new RegExp(`order=${world.order.id}$`))
})

test('what is unaccounted is declared void once that is due, and a consumer reads so', async () => {
  await page.goto(`${cloud.base}/console/reconciliation`)
  await openUnits()
  assert.equal(await page.isDisabled('[data-act=void]'), true)
  assert.match(await page.innerText('[data-test=not-due]'), /起可以作废/)
  await page.goto(`${cloud.base}/console/settings`)
  await page.locator('[data-test=void_after_days] input').fill('0')
  await page.keyboard.press('Tab')
  await page.waitForSelector('.el-message--success')
  assert.deepEqual(await world.api.get('/settings'), { pending_may_ship: true, void_after_days: 0 })
  await page.goto(`${cloud.base}/console/reconciliation`)
  await openUnits()
  await page.click('[data-act=void]')
  await person.agree()
  await page.waitForFunction(() => document.querySelector('[data-test=unaccounted]')?.textContent === '0')
  assert.deepEqual([await sum('void'), await sum('unaccounted')], ['500', '25'])
  assert.match(await page.innerText('[data-test=strips]'), /作废\s*500/)
  assert.equal((await scan()).verdict, 'void')
  await page.goto(`${cloud.base}/${code()}`)
  await page.waitForSelector('[data-verdict=void]')
  assert.match(await page.innerText('[data-verdict=void]'), /这个码已作废/)
  assert.deepEqual(browser.complaints, [])
})

test('an auditor sees the rolls and declares nothing void', async () => {
  await person.become(world.auditor)
  await person.menu('标签核销')
  await person.row('箱').locator('[data-open]').click()
  await page.waitForSelector('[data-test=roll]')
  assert.equal(await page.locator('[data-act=void]').count(), 0)
})
