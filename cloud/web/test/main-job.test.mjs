// The finished main job in a browser: the auditor's walk, the PDA page and the line screen with typed scans, then the office again.
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { walk } from './auditor.mjs'
import * as tools from './browser.mjs'
import { signedIn } from './cloud.mjs'
import { onTheFloor, until } from './floor.mjs'
import { hands } from './hands.mjs'
import { startWorld } from './world.mjs'

const { bodyText, openBrowser, shoot } = tools
const PDA = { width: 360, height: 640 }
const FAULTY_CASES = 5
const HAN = /[一-鿿]/

let world

before(async () => {
  world = await startWorld()
})
after(() => world?.stop())

test('the job is done: nothing lost, nothing doubled, goods shipped and suspected', () => {
  const { ok, lost, doubled, quarantined, cases, pallets, suspected } = world.summary
  assert.deepEqual({ ok, lost, doubled, quarantined, cases, pallets, suspected }, { ok: true, lost: 0, doubled: 0, quarantined: 1, cases: 43, pallets: 5, suspected: 10 })
})

test('the auditor finds it all in the console, and consumers learn what they hold', async () => {
  const seen = await walk(world.places, tools)
  assert.ok(seen.includes('suspect-en') && seen.includes('consumer-unknown-en'))
})

describe('on the floor', () => {
  let browser
  let page

  before(async () => {
    browser = await openBrowser(PDA)
    page = browser.page
    // A busy build machine types slower than a scanner.
    await page.addInitScript(() => localStorage.setItem('sealtrace.scanner', JSON.stringify({ interKeyMs: 1500 })))
  })
  after(() => browser?.close())
  beforeEach(() => {
    browser.complaints.length = 0
  })

  /** Types as a keyboard wedge does, and waits for the agent's word. */
  async function scan(text) {
    const count = Number(await page.getAttribute('.feedback', 'data-n'))
    await page.keyboard.type(text)
    await page.keyboard.press('Enter')
    await page.waitForFunction((n) => Number(document.querySelector('.feedback')?.dataset.n) > n, count)
    return page.getAttribute('.feedback', 'data-tone')
  }
  async function signIn(base) {
    await page.goto(base)
    await page.fill('#login', 'li')
    await page.fill('#pin', world.places.pin)
    await page.click('[data-act=login]')
    // The station stands where it was left.
    await page.waitForSelector('[data-entries], .scan')
    if (await page.$('.scan')) await page.click('[data-act=back]')
    await page.waitForSelector('[data-entries]')
  }
  const speak = (language) => page.evaluate((name) => localStorage.setItem('sealtrace.language', name), language)
  async function notWider(name) {
    await shoot(page, name)
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false, `${name} scrolls sideways`)
  }

  /** Looks a code up by a scan; answers what the page says of it. */
  async function lookUp(text, code, name) {
    await scan(text)
    await page.waitForFunction((code) => document.querySelector('.item-code')?.textContent === code, code)
    await notWider(name)
    return page.innerText('[data-item]')
  }
  const mentions = (text, ...facts) => {
    for (const fact of facts) assert.ok(text.includes(fact), `${fact} is missing in ${text}`)
  }

  test('a scanned case says what it holds and where it went, a replaced label says by what', async () => {
    const { cloud, pda, password, shown } = world.places
    const api = await signedIn(cloud, { login: 'auditor', password })
    const device = (await api.get('/devices')).rows.find((one) => one.name === '仓库 PDA 1')
    const old = (await api.get(`/batches/${device.id}/1/1`)).records[0].codes.at(-1)
    const { state } = await api.get(`/trace?text=${encodeURIComponent(old)}`)
    await signIn(pda)
    await notWider('pda-home')
    await page.click('[data-entry=lookup]')
    await page.waitForSelector('.scan[data-screen=lookup]')
    mentions(await lookUp(state.replaced.by, state.replaced.by, 'pda-lookup'), '箱', '有效', '晨泉啤酒 500 ml', 'L20261120', '24 瓶', '合肥庐阳食品', 'OUT-3')
    mentions(await lookUp(old, old, 'pda-lookup-replaced'), '标签已替换', '新标签', state.replaced.by)
    mentions(await lookUp(shown.pallet, shown.pallet, 'pda-lookup-pallet'), '托', '有效', '240 瓶', '南京金陵商贸', 'OUT-1')
    await lookUp(`HTTPS://TRACE.EXAMPLE.COM/${shown.pending}`, shown.pending, 'pda-lookup-issued')
    mentions(await page.innerText('[data-item]'), '本设备没有它的使用记录', '晨泉啤酒 500 ml')
    await lookUp('9ZZZZZZZZZZZZZZZZ', '9ZZZZZZZZZZZZZZZZ', 'pda-lookup-unknown')
    mentions(await page.innerText('[data-item]'), '本设备不认识这个码')
    await page.click('[data-act=back]')
    await page.waitForSelector('[data-entries]')
    assert.deepEqual(browser.complaints, [])
  })

  test('a foreign code is refused and said why; nothing counts until that is acknowledged', async () => {
    await page.click('[data-entry=unpack]')
    await page.waitForSelector('.scan[data-screen=unpack]')
    assert.equal(await scan('(01)09999999999994(21)NOTOURS'), 'refused')
    await page.waitForSelector('[data-overlay=blocked]')
    await notWider('pda-refused')
    assert.match(await page.innerText('[data-overlay] [data-message]'), /不是我们的码/)
    await page.keyboard.type(world.places.shown.case)
    await page.keyboard.press('Enter')
    await page.waitForSelector('[data-not-counted]')
    await page.keyboard.type('ST*OK*')
    await page.keyboard.press('Enter')
    await page.waitForSelector('[data-overlay=blocked]', { state: 'detached' })
    await page.click('[data-act=back]')
    await page.waitForSelector('[data-entries]')
    assert.deepEqual(browser.complaints, [])
  })

  test('nothing waits to be sent, in both languages', async () => {
    for (const language of ['zh-CN', 'en']) {
      await speak(language)
      await page.goto(`${world.places.pda}/#/sync`)
      await page.reload()
      await page.waitForSelector('[data-sync]')
      await notWider(`pda-sync-${language}`)
      const text = await bodyText(page)
      assert.match(text, language === 'en' ? /Unsent operations\s+0/ : /未上传作业\s+0/)
      assert.equal(language === 'en' && HAN.test(text.replace('仓库 PDA 1', '').replace('成品仓库', '').replace('李师傅', '')), false, text)
    }
    await speak('zh-CN')
  })

  test('the line screen shows the lane to everybody: counts, light, last cases', async () => {
    for (const [language, expected] of [['zh-CN', /灌装一线[\s\S]*任务已全部完成[\s\S]*合格箱\s*40[\s\S]*剔除箱\s*5/], ['en', /灌装一线[\s\S]*All tasks are done[\s\S]*Accepted\s*40[\s\S]*Rejected\s*5/]]) {
      await page.goto(`${world.places.line}/`)
      await speak(language)
      await page.goto(`${world.places.line}/#/line`)
      await page.reload()
      await page.waitForSelector('[data-lane]')
      assert.match(await bodyText(page), expected)
      await notWider(`line-${language}-narrow`)
      await page.setViewportSize({ width: 1366, height: 768 })
      await notWider(`line-${language}`)
      await page.setViewportSize(PDA)
    }
    await speak('zh-CN')
  })

  test('the exceptions list the cases that the lane set aside, each in one sentence', async () => {
    await signIn(world.places.line)
    for (const [language, sentences] of [
      ['zh-CN', [/有瓶没有读到码/, /已经装在别的包装里/, /不是我们的码/, /不是我们的码/, /还没装满：应有 24，只扫了 23/]],
      ['en', [/without a code being read/, /Packed already/, /Not one of our codes/, /Not one of our codes/, /Not full yet: 24 needed, 23 scanned/]],
    ]) {
      await speak(language)
      await page.goto(`${world.places.line}/#/exceptions`)
      await page.reload()
      await page.waitForSelector('[data-exception]')
      await notWider(`exceptions-${language}`)
      const rows = await page.locator('[data-kind=set_aside] [data-words]').allInnerTexts()
      assert.equal(rows.length, FAULTY_CASES)
      // Newest first, as they passed the lane in this order.
      for (const [n, sentence] of sentences.entries()) assert.match(rows[FAULTY_CASES - 1 - n], sentence)
    }
    assert.deepEqual(browser.complaints, [])
  })
})

describe('in the office', () => {
  const DESK = { width: 1440, height: 900 }
  const manager = { login: 'manager', name: '吴主管', role: 'manager', password: 'manager password 1' }
  let browser
  let page
  let person
  let admin
  let api

  before(async () => {
    admin = { login: 'admin', password: world.places.password }
    api = await signedIn(world.places.cloud, admin)
    await api.post('/accounts', manager)
    browser = await openBrowser(DESK)
    page = browser.page
    person = hands(page, world.places.cloud)
  })
  after(() => browser?.close())
  const orderNow = async () => {
    const [{ id }] = (await api.get(`/orders?q=${world.places.shown.order}`)).rows
    return api.get(`/orders/${id}`)
  }

  /** One case of two is packed by hand under a new task: work has begun and is not finished. */
  async function beginWork() {
    const order = await orderNow()
    const { site } = order.tasks.find(({ kind }) => kind === 'device')
    await api.put(`/orders/${order.id}`, { number: order.number, product: order.product.id, lot: order.lot, quantity: order.quantity + 48, version: order.version })
    await api.post(`/orders/${order.id}/codes`, { cases: 1 })
    await api.post(`/orders/${order.id}/release`, { tasks: [{ site: site.id, kind: 'device', quantity: 48 }] })
    const [units, cases] = await Promise.all(['unit', 'case'].map(async (level) => (await api.get(`/orders/${order.id}/rolls/${level}`)).split(/\r?\n/).filter(Boolean)))
    const pda = await onTheFloor(world.places.pda, { login: 'li', pin: world.places.pin })
    const task = await until('the new task on the PDA', async () => (await pda.tasks()).find(({ quantity }) => quantity === 48))
    await pda.open('pack', { task: task.id })
    for (const text of [...units.slice(-24), cases.at(-1)]) await pda.scan(text)
    await until('the task in work', async () => (await orderNow()).tasks.some(({ state }) => state === 'in_work'))
  }

  test('the packaging plan of an order stays while a task is in work: said at the field, in both languages', async () => {
    await beginWork()
    await person.signIn(admin)
    await person.menu('产品')
    await person.row('晨泉啤酒 500 ml').getByRole('link', { name: '晨泉啤酒 500 ml' }).click()
    await page.waitForSelector('.form')
    await person.type('plan.0.holds', '12')
    await person.saved()
    const order = await orderNow()
    assert.equal((await api.get(`/products/${order.product.id}`)).revision, 2)
    await page.goto(`${world.places.cloud}/console/orders/${order.id}?form=edit`)
    await page.waitForSelector('.form')
    await person.type('revision', '2')
    await person.save()
    await person.fault('revision', /任务已在生产中，不能更换包装规格/)
    await shoot(page, 'fault-plan-in-work')
    await page.evaluate(() => document.querySelector('[data-test=language]').click())
    await person.fault('revision', /A task is in work; the packaging plan cannot change/)
    await page.evaluate(() => document.querySelector('[data-test=language]').click())
    await person.close()
    assert.equal((await orderNow()).revision, 1)
    assert.deepEqual(browser.complaints, [])
    assert.deepEqual(browser.refusals, [`422 /api/v1/orders/${order.id}`])
  })

  test('改派: what left under a finished document goes under another when a second manager agrees', async () => {
    browser.refusals.length = 0
    const { shown } = world.places
    const from = (await api.get('/documents?q=OUT-1')).rows.find(({ number }) => number === 'OUT-1')
    const [other] = (await api.get(`/dealers?q=${encodeURIComponent('杭州')}`)).rows
    const to = await api.post('/documents', { number: 'OUT-9', kind: 'outbound', site: from.site.id, dealer: other.id, lines: [{ product: from.demand[0].product.id, unit: 'unit', quantity: 240 }] })
    for (const step of ['submit', 'approve']) await api.post(`/documents/${to.id}/${step}`)
    await person.become(manager)
    await page.goto(`${world.places.cloud}/console/documents/${from.id}`)
    await person.act('reassign')
    await person.type('codes', shown.pallet)
    await person.pick('to', 'OUT-9')
    await person.type('reason', '装车时换了客户')
    await shoot(page, 'reassign-form')
    await person.saved()
    await person.menu('改派申请')
    const request = person.row('装车时换了客户')
    await request.getByText('待审批').waitFor()
    assert.equal(await request.locator('[data-act]').count(), 0, 'whoever asked does not decide')
    await person.become(admin)
    await person.menu('改派申请')
    await shoot(page, 'reassignments')
    await request.locator('[data-act=approve]').click()
    await person.agree()
    await request.getByText('已改派').waitFor()
    assert.deepEqual((await api.get(`/documents/${to.id}`)).demand.map(({ units, moved }) => [units, moved]), [[240, 240]])
    assert.deepEqual((await api.get(`/documents/${from.id}`)).demand.map(({ moved }) => moved), [0])
    assert.deepEqual(browser.complaints, [])
    assert.deepEqual(browser.refusals, [])
  })
})
