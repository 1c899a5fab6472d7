// Who sees and may do what: the console offers a manager, an auditor and an inspector only what the cloud lets them do.
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { openBrowser } from './browser.mjs'
import { furnish, startCloud } from './cloud.mjs'
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
})
after(async () => {
  await browser?.close()
  await cloud?.stop()
})
beforeEach(() => {
  browser.complaints.length = 0
  browser.refusals.length = 0
})
const menu = async () => {
  await page.locator('.side .item', { hasText: '品牌' }).waitFor()
  return page.locator('.side .item').allInnerTexts()
}
const MASTER = ['品牌', '品类', '产品', '部署点', '经销商', '门店', '操作员']
const WORK = ['生产订单', '批次质检', '标签核销', '单据', '改派申请', '追溯查询', '疑似窜货']

test('a manager writes everything but accounts and settings', async () => {
  await person.become(world.manager)
  assert.deepEqual(await menu(), [...MASTER, ...WORK, '设备', '系统设置', '操作日志'])
  await person.menu('品牌')
  await person.begin()
  await person.type('name', '主管的品牌')
  await person.saved()
  await person.row('主管的品牌').waitFor()
  await page.goto(`${cloud.base}/console/documents/${world.document.id}`)
  await page.locator('.page-actions [data-act=close]').waitFor()
  await person.menu('系统设置')
  assert.equal(await page.locator('[data-test=pending_may_ship] input').isDisabled(), true)
  assert.deepEqual(browser.refusals, [])
  await page.goto(`${cloud.base}/console/accounts`)
  await page.getByText('当前账号没有这项权限。').waitFor()
  assert.deepEqual(browser.complaints, [])
})

test('an auditor looks at everything and changes nothing', async () => {
  await person.become(world.auditor)
  assert.deepEqual(await menu(), [...MASTER, ...WORK, '设备', '系统设置', '操作日志'])
  for (const title of [...MASTER, '批次质检', '生产订单', '单据']) {
    await person.menu(title)
    await page.waitForSelector('.el-table__row')
    assert.equal(await page.locator('[data-test=new]').count(), 0, `${title} offers something new`)
    assert.equal(await page.locator('.acts').count(), 0, `${title} offers acts`)
    assert.equal(await page.locator('.el-table-column--selection').count(), 0, `${title} offers a choice`)
  }
  await person.menu('产品')
  await person.row('试验啤酒').click()
  await page.waitForSelector('.form')
  assert.equal(await page.locator('.form input:not([disabled])').count(), 0)
  assert.equal(await page.locator('[data-test=save]').count(), 0)
  await person.close()
  for (const path of [`/orders/${world.order.id}`, `/documents/${world.document.id}`]) {
    await page.goto(`${cloud.base}/console${path}`)
    await page.waitForSelector('.page-head h1')
    assert.equal(await page.locator('.page-actions button').count(), 0, `${path} offers something to do`)
    assert.equal(await page.locator('[data-roll]').count(), 0, `${path} hands out codes`)
  }
  assert.deepEqual(browser.refusals, [])
  assert.deepEqual(browser.complaints, [])
})

test('what the console does not offer, the cloud refuses as well', async () => {
  const said = (path, method, body) => page.evaluate(([path, method, body]) => fetch(`/api/v1${path}`, { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }).then((answer) => answer.status), [path, method, body])
  assert.equal(await said('/brands', 'POST', { name: '审计员的品牌' }), 403)
  assert.equal(await said(`/documents/${world.document.id}/close`, 'POST', {}), 403)
  assert.equal(await said('/settings', 'PUT', { pending_may_ship: false }), 403)
  assert.equal((await world.api.get('/brands?q=审计员')).total, 0)
})
