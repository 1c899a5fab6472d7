// The console in a real browser against the real binary: login, every page, both languages, dead ends, logout.
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { bodyText, openBrowser, RAW_KEY } from './browser.mjs'
import { ADMIN, furnish, startCloud } from './cloud.mjs'

let cloud
let world
let browser
let page

const go = (path) => page.goto(`${cloud.base}/console${path}`)
/** The button may lie behind a drawer. */
const switchLanguage = () => page.evaluate(() => document.querySelector('[data-test=language]').click())
const here = () => new URL(page.url()).pathname + new URL(page.url()).search

async function signIn({ login, password }) {
  await page.fill('#login', login)
  await page.fill('#password', password)
  await page.keyboard.press('Enter')
}
async function freshSession(person) {
  await browser.context.clearCookies()
  await go('/login')
  await page.evaluate(() => localStorage.clear())
  await go('/login')
  await signIn(person)
  await page.waitForSelector('.side')
}

before(async () => {
  cloud = await startCloud()
  world = await furnish(cloud.base)
  browser = await openBrowser({ width: 1440, height: 900 })
  page = browser.page
})
after(async () => {
  await browser?.close()
  await cloud?.stop()
})
beforeEach(() => {
  browser.complaints.length = 0
  browser.refusals.length = 0
})

describe('the door', () => {
  test('a stranger is asked to log in and comes back to the page that was asked for', async () => {
    await go('/documents?q=CK')
    await page.waitForSelector('#login')
    assert.match(await bodyText(page), /登录/)
    assert.equal(await page.getAttribute('html', 'lang'), 'zh-CN')
    await signIn({ login: ADMIN.login, password: 'not the password' })
    await page.getByText('账号或密码不正确。').waitFor()
    assert.deepEqual(browser.refusals, ['401 /api/v1/session'])
    await signIn(ADMIN)
    await page.waitForSelector('h1:has-text("单据")')
    assert.equal(here(), '/console/documents?q=CK')
    assert.deepEqual(browser.complaints, [])
  })

  test('an empty field is named, nothing is sent', async () => {
    await browser.context.clearCookies()
    await page.evaluate(() => localStorage.clear())
    await go('/login')
    await page.click('button[type=submit]')
    await page.getByText('请输入账号').waitFor()
    assert.deepEqual(browser.refusals, [])
  })

  test('the return path cannot lead to another site', async () => {
    await go('/login?next=//evil.example/x')
    await signIn(ADMIN)
    await page.waitForSelector('h1:has-text("生产订单")')
    assert.equal(here(), '/console/orders')
  })

  test('logging out ends the session in the cloud and closes the pages', async () => {
    await freshSession(ADMIN)
    await page.click('[data-test=account]')
    await page.getByText('退出登录').click()
    await page.waitForSelector('#login')
    const session = await page.evaluate(() => fetch('/api/v1/session').then((answer) => answer.status))
    assert.equal(session, 401)
    await go('/orders')
    await page.waitForSelector('#login')
  })

  test('a session that ended leads to the login and back', async () => {
    await freshSession(ADMIN)
    await browser.context.clearCookies()
    await page.locator('.side').getByText('设备').click()
    await page.getByText('登录已失效，请重新登录后继续。').waitFor()
    await signIn(ADMIN)
    await page.waitForSelector('h1:has-text("设备")')
    assert.equal(here(), '/console/devices')
    assert.deepEqual(browser.complaints, [])
  })

  test('an inspector is sent to the inspector page', async () => {
    await browser.context.clearCookies()
    await go('/login')
    await page.evaluate(() => localStorage.clear())
    await go('/login')
    await signIn(world.inspector)
    await page.waitForURL(`${cloud.base}/inspector/`)
    await page.waitForSelector('#code')
    await page.click('[data-test=logout]')
    await page.waitForSelector('#login')
  })
})

describe('the pages', () => {
  before(() => freshSession(world.auditor))

  test('the order list holds its page and its query in the URL', async () => {
    await go('/orders')
    await page.waitForSelector('.el-table__row')
    assert.equal(await page.locator('.el-table__row').count(), 20)
    assert.match(await page.locator('[data-test=total]').innerText(), /23/)
    await page.locator('.el-pager li', { hasText: '2' }).click()
    await page.waitForURL(/[?&]page=2/)
    await page.waitForFunction(() => document.querySelectorAll('.el-table__row').length === 3)
    await page.reload()
    await page.waitForFunction(() => document.querySelectorAll('.el-table__row').length === 3)
    await page.keyboard.press('/')
    await page.keyboard.type('PO-0001')
    await page.keyboard.press('Enter')
    await page.waitForURL(/q=PO-0001/)
    assert.doesNotMatch(here(), /page=2/)
    await page.waitForFunction(() => document.querySelectorAll('.el-table__row').length === 1)
    await page.goBack()
    await page.waitForFunction(() => document.querySelectorAll('.el-table__row').length === 3)
    assert.deepEqual(browser.complaints, [])
    assert.deepEqual(browser.refusals, [])
  })

  test('an order shows plan, progress, tasks and minted codes', async () => {
    await go('/orders?q=PO-0001')
    await page.locator('.el-table__row a', { hasText: 'PO-0001' }).click()
    await page.waitForSelector('h1:has-text("PO-0001")')
    const text = await bodyText(page)
    for (const expected of ['试验啤酒 500ml', 'LOT-A', '1 托 : 10 箱 : 24 瓶', '已下达', '一号线', '成品库', '500', '22']) assert.ok(text.includes(expected), `${expected} is missing`)
    assert.match((await page.locator('[data-level=unit]').innerText()).replace(/\s+/g, ' '), /0 ?\/ ?480/)
    assert.match((await page.locator('[data-level=case]').innerText()).replace(/\s+/g, ' '), /0 ?\/ ?20/)
    assert.deepEqual(browser.refusals, [])
  })

  test('a document shows its lines and leads to the dealer’s suspects', async () => {
    await go('/documents?kind=outbound')
    await page.locator('.el-table__row', { hasText: 'CK-0001' }).click()
    await page.waitForSelector('h1:has-text("CK-0001")')
    const text = await bodyText(page)
    for (const expected of ['出库单', '南京经销商', '成品库', '试验啤酒 500ml', '10 箱', '尚缺 240 瓶']) assert.ok(text.includes(expected), `${expected} is missing`)
    await page.getByText('查看该经销商的疑似窜货').click()
    await page.waitForURL(new RegExp(`/diversion\\?dealer=${world.dealer.id}`))
    await page.getByText('没有符合条件的记录').waitFor()
    assert.deepEqual(browser.complaints, [])
    assert.deepEqual(browser.refusals, [])
  })

  test('tracing answers for nonsense and for a code without a life', async () => {
    await go('/trace')
    await page.getByText('从一个码开始').waitFor()
    await page.fill('input[data-query]', '~~~ not a code ~~~')
    await page.keyboard.press('Enter')
    await page.getByText('读不懂这个码', { exact: true }).waitFor()
    await page.fill('input[data-query]', '(00)069099990000000005')
    await page.keyboard.press('Enter')
    await page.getByText('没有这个码的记录', { exact: true }).waitFor()
    assert.match(here(), /text=/)
    assert.deepEqual(browser.refusals, ['422 /api/v1/trace', '404 /api/v1/trace'])
    assert.deepEqual(browser.complaints, [])
  })

  test('a minted code that nothing happened to is shown as issued, with its order', async () => {
    await page.fill('[data-query]', world.printed[0])
    await page.keyboard.press('Enter')
    await page.waitForSelector('[data-test=code]')
    const text = await bodyText(page)
    for (const expected of ['已发码', '试验啤酒 500ml', '没有上级', '这个码还没有发生过任何事', '尚无归属']) assert.ok(text.includes(expected), `${expected} is missing`)
    await page.locator('dl').getByText('PO-0001').click()
    await page.waitForSelector('h1:has-text("PO-0001")')
    assert.deepEqual(browser.refusals, [])
    assert.deepEqual(browser.complaints, [])
  })

  test('empty lists and the map say what they are', async () => {
    await go('/diversion')
    await page.getByText('没有疑似窜货').waitFor()
    await page.getByText('示意图', { exact: true }).waitFor()
    await page.waitForSelector('.canvas canvas')
    await page.locator('.side').getByText('设备').click()
    await page.getByText('还没有设备').waitFor()
    assert.deepEqual(browser.complaints, [])
    assert.deepEqual(browser.refusals, [])
  })

  test('dead ends are explained', async () => {
    await go('/no/such/page')
    await page.getByText('没有这个页面').waitFor()
    await page.getByText('回到生产订单').click()
    await page.waitForSelector('.el-table__row')
    await go('/orders/987654321')
    await page.getByText('没有读到数据').waitFor()
    await page.getByText('没有找到要看的内容').waitFor()
    assert.deepEqual(browser.complaints, [])
  })

  test('every page is complete in both languages', async () => {
    const resources = [
      ['brands', '品牌', 'Brands'], ['categories', '品类', 'Categories'], ['products', '产品', 'Products'], ['sites', '部署点', 'Sites'], ['dealers', '经销商', 'Dealers'],
      ['stores', '门店', 'Stores'], ['operators', '操作员', 'Operators'], ['lots', '批次质检', 'Lots'],
    ]
    const pages = [
      ...resources.map(([name, zh, en]) => [`/${name}`, zh, en]), ['/products?id=' + world.product.id, '产品', 'Products'], ['/dealers?id=' + world.dealer.id, '经销商', 'Dealers'],
      ['/reassignments', '改派申请', 'Reassignments'], ['/settings', '系统设置', 'Settings'], ['/audit', '操作日志', 'Activity log'],
      ['/orders', '生产订单', 'Production orders'], [`/orders/${world.order.id}`, 'PO-0001', 'PO-0001'], ['/documents', '单据', 'Documents'],
      [`/documents/${world.document.id}`, 'CK-0001', 'CK-0001'], ['/trace', '追溯查询', 'Trace'], ['/diversion', '疑似窜货', 'Suspected diversion'], ['/devices', '设备', 'Devices'],
    ]
    for (const [path, zh, en] of pages) {
      await go(path)
      await page.waitForSelector(`h1:has-text("${zh}")`)
      assert.doesNotMatch(await bodyText(page), RAW_KEY, path)
      await page.waitForLoadState('networkidle')
      await switchLanguage()
      await page.waitForSelector(`h1:has-text("${en}")`)
      assert.equal(await page.getAttribute('html', 'lang'), 'en')
      const given = ['试验啤酒', '一号线', '成品库', '南京经销商', '周审计', '周', '中文', '管理员', '吴主管', '李稽查', '李师傅', '新街口店', '中山路 1 号', '试验', '啤酒']
      const words = given.reduce((text, name) => text.replaceAll(name, ''), await bodyText(page))
      assert.doesNotMatch(words, /[一-鿿]/, `${path} still speaks Chinese`)
      assert.doesNotMatch(words, RAW_KEY, path)
      await switchLanguage()
      await page.waitForSelector(`h1:has-text("${zh}")`)
    }
    assert.deepEqual(browser.complaints, [])
    assert.deepEqual([...browser.hosts], [new URL(cloud.base).host], 'the pages speak to no other host')
  })

  test('the menu works from the keyboard alone', async () => {
    await go('/orders')
    await page.waitForSelector('.el-table__row')
    await page.keyboard.press('Tab')
    assert.equal(await page.evaluate(() => document.activeElement?.className), 'skip')
    const focused = () => page.evaluate(() => document.activeElement?.textContent)
    for (let n = 0; n < 20 && (await focused()) !== '追溯查询'; n += 1) await page.keyboard.press('Tab')
    assert.equal(await focused(), '追溯查询')
    await page.keyboard.press('Enter')
    await page.waitForSelector('h1:has-text("追溯查询")')
    assert.equal(await page.evaluate(() => document.activeElement?.tagName), 'INPUT')
  })
})
