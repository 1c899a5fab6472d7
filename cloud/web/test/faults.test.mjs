// What is typed wrong is said at its field, in the reader's language, and nothing is half-written.
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { openBrowser, RAW_KEY, bodyText, shoot } from './browser.mjs'
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
beforeEach(() => {
  browser.complaints.length = 0
  browser.refusals.length = 0
})
const total = async (path) => (await world.api.get(path)).total
const english = () => page.click('[data-test=language]')
/** The same form with what was typed, read in English. The switch lies behind the drawer: its word is changed in place. */
async function inEnglish(check) {
  await page.evaluate(() => document.querySelector('[data-test=language]').click())
  await check()
  await page.evaluate(() => document.querySelector('[data-test=language]').click())
}

describe('the form', () => {
  test('says everything that is missing at once, each at its field, and goes to the first', async () => {
    await person.menu('产品')
    const before = await total('/products')
    await person.begin()
    await person.save()
    await person.fault('name', /请填写/)
    await person.fault('gtin', /请填写/)
    await person.fault('plan', /请填写/)
    assert.equal(await page.evaluate(() => document.activeElement.closest('[data-field]')?.dataset.field), 'name')
    await inEnglish(() => person.fault('gtin', /Please fill this in/))
    await person.type('name', '新品')
    assert.equal(await page.locator('[data-field=name] > .field-fault').count(), 0, 'what was corrected is not complained about any more')
    await person.close()
    assert.equal(await total('/products'), before)
    assert.deepEqual(browser.complaints, [])
  })

  test('is saved from the keyboard, and asks before what was typed is thrown away', async () => {
    await person.menu('品牌')
    await person.begin()
    await page.keyboard.press('Tab')
    await page.locator('[data-field=name] input').focus()
    await page.keyboard.type('键盘牌')
    await page.keyboard.press('Enter')
    await page.waitForSelector('.form', { state: 'detached' })
    await person.row('键盘牌').waitFor()
    await person.begin()
    await person.type('name', '没存的')
    await page.goBack()
    await page.getByText('有改动还没有保存，确定离开吗？').waitFor()
    await page.keyboard.press('Escape')
    await page.locator('.el-message-box').waitFor({ state: 'detached' })
    assert.equal(await page.inputValue('[data-field=name] input'), '没存的')
    await person.close()
    assert.equal((await world.api.get('/brands?q=没存的')).total, 0)
    assert.deepEqual(browser.complaints, [])
  })

  test('takes in what somebody else saved meanwhile and keeps what was typed here', async () => {
    const site = await world.api.post('/sites', { name: '待改名', kind: 'warehouse', implied_receipt: false })
    await person.menu('部署点')
    await person.row('待改名').click()
    await page.waitForSelector('.form')
    await world.api.put(`/sites/${site.id}`, { name: '待改名', kind: 'warehouse', implied_receipt: true, version: site.version })
    await person.type('name', '改好名')
    await person.save()
    await page.waitForSelector('[data-test=overtaken]')
    assert.equal(await page.inputValue('[data-field=name] input'), '改好名')
    await person.saved()
    const saved = await world.api.get(`/sites/${site.id}`)
    assert.deepEqual([saved.name, saved.implied_receipt], ['改好名', true])
    assert.deepEqual(browser.refusals, [`409 /api/v1/sites/${site.id}`])
  })
})

describe('bad input of the trade', () => {
  test('a territory that another dealer has for the same product is refused with that dealer and the region', async () => {
    await person.menu('经销商')
    const before = await total('/dealers')
    await person.begin()
    await person.type('name', '抢地盘商贸')
    await person.addRow('territories')
    await person.pick('territories.0.product', '试验啤酒')
    await person.pick('territories.0.regions', '苏州市', '南京市')
    await person.save()
    await person.fault('territories.0.regions', /与“南京经销商”的授权区域重叠：南京市$/)
    await shoot(page, 'fault-overlap')
    await inEnglish(() => person.fault('territories.0.regions', /Overlaps the territory of “南京经销商”: Nanjing$/))
    assert.equal(await total('/dealers'), before, 'no dealer was made')
    await person.close()
  })

  test('an operator needs a site', async () => {
    await person.menu('操作员')
    const before = await total('/operators')
    await person.begin()
    await person.type('login', 'wang')
    await person.type('name', '王师傅')
    await person.choose('role', '操作员')
    await person.type('pin', '135790')
    await person.save()
    await person.fault('sites', /请填写/)
    assert.deepEqual(await page.locator('.form [data-faulty]').evaluateAll((all) => all.map((one) => one.dataset.field)), ['sites'])
    assert.equal(await total('/operators'), before)
    await person.close()
  })

  test('a document line in a unit that the packaging plan lacks', async () => {
    await person.menu('单据')
    const before = await total('/documents')
    await page.click('[data-test=new]')
    await page.locator('.el-dropdown-menu__item[data-kind=outbound]:visible').click()
    await person.type('number', 'OUT-9')
    await person.pick('site', '成品库')
    await person.pick('dealer', '南京经销商')
    await person.addRow('lines')
    await person.pick('lines.0.product', '试验啤酒')
    await person.pick('lines.0.unit', '盒')
    await person.type('lines.0.quantity', '5')
    await person.save()
    await person.fault('lines.0.unit', /包装规格里没有这一级/)
    await shoot(page, 'fault-unit')
    await inEnglish(() => person.fault('lines.0.unit', /has no such level/))
    assert.equal(await total('/documents'), before)
    await person.close()
  })

  test('a number that another document has with other content, and the same again which is the same document', async () => {
    const before = await total('/documents')
    const fill = async (quantity) => {
      await page.click('[data-test=new]')
      await page.locator('.el-dropdown-menu__item[data-kind=outbound]:visible').click()
      await person.type('number', 'CK-0001')
      await person.pick('site', '成品库')
      await person.pick('dealer', '南京经销商')
      await person.addRow('lines')
      await person.pick('lines.0.product', '试验啤酒')
      await person.pick('lines.0.unit', '箱')
      await person.type('lines.0.quantity', quantity)
      await person.save()
    }
    await person.menu('单据')
    await fill('11')
    await person.fault('number', /单号 CK-0001 已被另一份内容不同的记录使用（明细不同）/)
    await inEnglish(() => person.fault('number', /belongs to another one with other content \(Lines differs\)/))
    await person.close()
    await fill('10')
    await page.waitForSelector('h1:has-text("CK-0001")')
    assert.equal(await total('/documents'), before, 'nothing was made twice')
  })

  test('what is in use is not deleted but can be disabled, and then nothing new refers to it', async () => {
    await person.menu('经销商')
    await person.row('南京经销商').locator('.act.danger').click()
    await person.agree()
    await page.getByText(/正在被“.+”使用（\d+ 处），不能删除/).waitFor()
    await person.row('南京经销商').getByText('停用', { exact: true }).click()
    await person.row('南京经销商').locator('.el-tag', { hasText: '停用' }).waitFor()
    await person.menu('门店')
    await person.begin()
    await page.locator('[data-field=dealer] .el-select__wrapper').click()
    await page.locator('[data-field=dealer] input').fill('南京')
    await page.locator('.el-select-dropdown__empty:visible').waitFor()
    await person.close()
    await world.api.post('/dealers/enabled', { ids: [world.dealer.id], enabled: true })
  })

  test('no words are missing on a page full of faults', async () => {
    await english()
    await person.menu('Accounts')
    await person.begin()
    await person.type('login', 'a b')
    await person.type('password', 'x')
    await person.save()
    await page.locator('.field-fault').first().waitFor()
    const text = await bodyText(page)
    assert.doesNotMatch(text, RAW_KEY)
    assert.doesNotMatch((await page.innerText('.form')), /[一-鿿]/)
    await person.close()
    await english()
  })
})
