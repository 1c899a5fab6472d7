// The two pages for phones: what a bottle's QR opens, and the inspector's.
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { bodyText, openBrowser, RAW_KEY } from './browser.mjs'
import { ADMIN, furnish, startCloud } from './cloud.mjs'

const FIRST_PAINT_LIMIT_MS = 1000
/** What Chromium's tools call "Fast 3G". */
const NETWORK_3G = { offline: false, latency: 150, downloadThroughput: (1.6 * 1024 * 1024) / 8, uploadThroughput: (750 * 1024) / 8 }

let cloud
let world
let browser
let page

before(async () => {
  cloud = await startCloud()
  world = await furnish(cloud.base)
  browser = await openBrowser({ width: 360, height: 640 })
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

/** The path of a printed code, on this cloud instead of the brand's own host. */
function pathOf(printed) {
  return /^https?:/i.test(printed) ? new URL(printed).pathname : `/${printed}`
}

describe('consumer', () => {
  test('a code that was minted but not yet packed is genuine in the making, never fake', async () => {
    await page.goto(cloud.base + pathOf(world.printed[0]))
    await page.waitForSelector('[data-verdict=pending]')
    assert.match(await bodyText(page), /真码，登记中/)
    assert.deepEqual(browser.complaints, [])
    assert.deepEqual(browser.refusals, [])
  })

  test('an invented code is not found, in both languages', async () => {
    await page.goto(`${cloud.base}/7KQ2M8X4TJ0WB5NRA`)
    await page.waitForSelector('[data-verdict=unknown]')
    assert.match(await bodyText(page), /查不到这个码/)
    assert.doesNotMatch(await bodyText(page), /假/)
    await page.click('#language')
    assert.match(await bodyText(page), /Code not found/)
    assert.equal(await page.getAttribute('html', 'lang'), 'en')
    await page.goto(`${cloud.base}/01/06901234567892/21/7KQ2M8X4TJ0WB5NRA`)
    await page.waitForSelector('[data-verdict=unknown]')
    assert.doesNotMatch((await bodyText(page)).replace('中文', ''), /[一-鿿]/)
    await page.click('#language')
    assert.deepEqual(browser.complaints, [])
    assert.deepEqual(browser.refusals, [])
  })

  test('without an answer nothing is claimed, and a retry works', async () => {
    await page.route('**/api/v1/verifications', (route) => route.abort(), { times: 1 })
    await page.goto(`${cloud.base}${pathOf(world.printed[1])}`)
    await page.waitForSelector('[data-verdict=failed]')
    await page.click('.retry')
    await page.waitForSelector('[data-verdict=pending]')
  })

  test('the first paint on 3G takes at most a second and one request', async () => {
    const tools = await browser.context.newCDPSession(page)
    await tools.send('Network.enable')
    await tools.send('Network.setCacheDisabled', { cacheDisabled: true })
    await tools.send('Network.emulateNetworkConditions', NETWORK_3G)
    await page.goto(`${cloud.base}${pathOf(world.printed[2])}`)
    await page.waitForSelector('[data-verdict=pending]')
    const paint = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Number.POSITIVE_INFINITY)
    const requests = await page.evaluate(() => performance.getEntriesByType('resource').length)
    await tools.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: -1 })
    await tools.detach()
    assert.ok(paint <= FIRST_PAINT_LIMIT_MS, `first paint after ${paint} ms`)
    assert.equal(requests, 1, 'only the verification is fetched')
  })
})

describe('inspector', () => {
  const open = () => page.goto(`${cloud.base}/inspector/`)
  async function signIn({ login, password }) {
    await page.fill('#login', login)
    await page.fill('#password', password)
    await page.click('.main')
  }

  test('asks for the login, refuses a wrong password and people of other roles', async () => {
    await open()
    await signIn({ ...world.inspector, password: 'wrong' })
    await page.getByText('账号或密码不正确。').waitFor()
    await signIn(ADMIN)
    await page.getByText('这个账号不是稽查员，不能提交稽查记录。').waitFor()
    await page.getByText('换个账号').click()
    await signIn(world.inspector)
    await page.waitForSelector('#code')
    assert.deepEqual(browser.complaints, [])
  })

  test('asks for code, city and finding before anything is sent', async () => {
    await page.click('.main')
    await page.getByText('请先扫描或输入码').waitFor()
    await page.fill('#code', 'ABC')
    await page.fill('#place', '没有这个市')
    await page.click('.main')
    await page.getByText('请选择所在地市').waitFor()
    await page.fill('#place', '南京')
    await page.click('.main')
    await page.getByText('请选择现场判断').waitFor()
    assert.deepEqual(browser.refusals, [])
  })

  test('a code nobody can read is refused in words', async () => {
    await page.fill('#code', '~~~ not a code ~~~')
    await page.fill('#place', '南京')
    await page.check('[value=counterfeit]')
    await page.click('.main')
    await page.getByText('这段内容不是可识别的码').waitFor()
    assert.deepEqual(browser.refusals, ['422 /api/v1/inspections'])
  })

  test('an inspection of goods not yet shipped is filed', async () => {
    await page.fill('#code', world.printed[3])
    await page.fill('#place', '广州市')
    await page.check('[value=suspicious]')
    await page.fill('#note', '货架第二层')
    await page.click('.main')
    await page.waitForSelector('[data-result=noTerritory]')
    assert.match(await bodyText(page), /已记录：可疑/)
    await page.click('.main')
    await page.waitForSelector('#code')
    assert.equal(await page.inputValue('#code'), '')
  })

  test('without signal it waits on the phone and is filed afterwards', async () => {
    await browser.context.setOffline(true)
    await page.fill('#code', world.printed[4])
    await page.fill('#place', '广州市')
    await page.check('[value=conformant]')
    await page.click('.main')
    await page.getByText('没有信号：已存在这台手机上').waitFor()
    await page.getByText('待补交 1 条').waitFor()
    const filed = page.waitForResponse((answer) => answer.url().endsWith('/inspections') && answer.ok())
    await browser.context.setOffline(false)
    await filed
    await page.getByText('待补交').waitFor({ state: 'detached' })
  })

  test('speaks English completely', async () => {
    await page.click('[data-test=language]')
    await page.getByText('File inspection').waitFor()
    const words = (await bodyText(page)).replaceAll(world.inspector.name, '').replaceAll('中文', '')
    assert.doesNotMatch(words, /[一-鿿]/)
    assert.doesNotMatch(words, RAW_KEY)
    await page.click('[data-test=language]')
  })
})
