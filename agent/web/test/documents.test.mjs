// Receiving and shipping against documents on the real page, the real agent and the real cloud, by typed scans: what is
// counted, and every refusal with the names of what it is about.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { faults, openBrowser, relaxKeyLimit, shoot, wedge } from './browser.mjs'
import { startAgent, startCloud } from './programs.mjs'

const PIN = '2468'
let cloud, agent, browser, page, factory, warehouse, jinling, outbound
/** One packed case of each, by what is special about its lot or product. */
const labels = {}

before(async () => {
  cloud = await startCloud()
  const create = (path, body) => cloud.call('POST', path, body)
  factory = await create('/sites', { name: '一厂', kind: 'factory' })
  warehouse = await create('/sites', { name: '二号仓库', kind: 'warehouse', implied_receipt: false })
  jinling = await create('/dealers', { name: '金陵酒业' })
  const gusu = await create('/dealers', { name: '姑苏酒行' })
  const plan = [{ level: 'case', holds: 2 }]
  const beer = await create('/products', { name: '经典啤酒', gtin: '06901234567892', plan })
  const water = await create('/products', { name: '矿泉水', gtin: '04006381333931', plan })
  const wine = await create('/products', { name: '白葡萄酒', gtin: '09501101530003', plan, restricted: true, sites: [factory.id], dealers: [jinling.id] })
  for (const [login, role] of [['wang', 'operator'], ['zhao', 'auditor']]) {
    await create('/operators', { login, name: login === 'wang' ? '王芳' : '赵敏', role, pin: PIN, sites: [factory.id, warehouse.id] })
  }
  await create('/lots', { product: beer.id, lot: 'OK', status: 'released' })
  await create('/lots', { product: beer.id, lot: 'BAD', status: 'blocked' })
  await create('/lots', { product: beer.id, lot: 'NEW', status: 'pending' })
  await create('/lots', { product: beer.id, lot: 'GUSU', status: 'released', dealer: gusu.id })
  await cloud.call('PUT', '/settings', { pending_may_ship: false })
  const { token } = await create('/devices/tokens', { name: 'PDA-1', sites: [factory.id, warehouse.id] })
  const packed = []
  for (const [name, product, lot] of [['first', beer, 'OK'], ['second', beer, 'OK'], ['blocked', beer, 'BAD'], ['pending', beer, 'NEW'], ['dedicated', beer, 'GUSU'], ['restricted', wine, 'W']]) {
    packed.push([name, await printed(`PO-${name}`, product, lot)])
  }
  const document = async (body) => {
    const { id } = await create('/documents', body)
    await create(`/documents/${id}/submit`, {})
    return create(`/documents/${id}/approve`, {})
  }
  const cases = (product, quantity) => [{ product: product.id, unit: 'case', quantity }]
  await document({ number: 'IN-1', kind: 'inbound', site: warehouse.id, other: factory.id, lines: cases(beer, 4) })
  await document({ number: 'IN-2', kind: 'inbound', site: warehouse.id, lines: cases(water, 1) })
  outbound = await document({ number: 'OUT-1', kind: 'outbound', site: warehouse.id, dealer: jinling.id, lines: cases(beer, 3) })
  agent = await startAgent(cloud, token)
  await packAll(packed)
  browser = await openBrowser()
  page = browser.page
  await relaxKeyLimit(page)
})

after(async () => {
  await browser?.close()
  await agent?.stop()
  await cloud?.stop()
})

/** An order of one case, released at the factory, with its labels as printed. */
async function printed(number, product, lot) {
  const order = await cloud.call('POST', '/orders', { number, product: product.id, lot, quantity: 2 })
  await cloud.call('POST', `/orders/${order.id}/codes`, { units: 2, cases: 1 })
  const roll = async (level) => (await cloud.call('GET', `/orders/${order.id}/rolls/${level}`)).trim().split(/\r?\n/)
  const released = await cloud.call('POST', `/orders/${order.id}/release`, { tasks: [{ site: factory.id, kind: 'device', quantity: 2 }] })
  return { task: released.tasks[0].id, units: await roll('unit'), label: (await roll('case'))[0] }
}

/** Packs the cases at the factory; scans go straight to the agent. */
async function packAll(packed) {
  let cookie = ''
  const call = async (path, body) => {
    const response = await fetch(`${agent.url}api/${path}`, { method: 'POST', headers: { 'Content-Type': 'application/json', Cookie: cookie }, body: JSON.stringify(body) })
    cookie = response.headers.get('set-cookie')?.split(';')[0] ?? cookie
    return { ok: response.ok, answer: await response.json() }
  }
  const until = async (work) => {
    for (const deadline = Date.now() + 20000; ; await new Promise((resolve) => setTimeout(resolve, 100))) {
      const { ok, answer } = await work()
      if (ok) return answer
      if (Date.now() > deadline) throw new Error(JSON.stringify(answer))
    }
  }
  await until(() => call('session', { login: 'wang', pin: PIN, site: factory.id }))
  for (const [name, { task, units, label }] of packed) {
    await until(() => call('station/open', { screen: 'pack', task }))
    let reply
    for (const text of [...units, label]) reply = await call('station/scan', { text, source: 'wedge' })
    assert.equal(reply.answer.message.code, 'operation_confirmed', JSON.stringify(reply.answer))
    labels[name] = label
  }
  await call('station/command', { command: 'back' })
}

/** Everything done here has its verdict. */
async function delivered() {
  for (const deadline = Date.now() + 60000; ; await new Promise((resolve) => setTimeout(resolve, 100))) {
    const { unsent_operations: unsent, unjudged_operations: unjudged } = await agent.status()
    if (unsent + unjudged === 0) return
    assert.ok(Date.now() < deadline, `${unsent} unsent, ${unjudged} unjudged`)
  }
}

async function signIn(login, site) {
  await page.goto(agent.url)
  await page.fill('#login', login)
  await page.fill('#pin', PIN)
  await page.click('[data-act=login]')
  await page.click(`[data-site="${site.id}"]`)
  await page.waitForSelector('[data-entries]')
}

/** Scans one code and waits for the agent's word on it. */
async function scan(text) {
  const n = Number(await page.getAttribute('.feedback', 'data-n'))
  await wedge(page, text)
  await page.waitForFunction((n) => Number(document.querySelector('.feedback')?.dataset.n) > n, n)
  return page.getAttribute('.feedback', 'data-tone')
}

/** Scans what must be refused with these words, and acknowledges that. */
async function refused(text, words) {
  assert.equal(await scan(text), 'refused')
  await page.waitForSelector('[data-overlay=blocked]')
  assert.match(await page.textContent('[data-overlay] [data-message]'), words)
  await wedge(page, 'ST*OK*')
  await page.waitForSelector('[data-overlay=blocked]', { state: 'detached' })
}

const lines = () => page.$$eval('[data-lines] li', (rows) => rows.map((row) => row.innerText.replace(/\s+/g, ' ').trim()))
const openFrom = async (entry, number) => {
  await page.click(`[data-entry=${entry}]`)
  await page.click(`[data-document]:has-text("${number}")`)
  await page.waitForSelector(`.scan[data-screen=${entry}]`)
}

test('goods_are_received_against_their_document_and_what_does_not_belong_is_refused', async () => {
  await signIn('wang', warehouse)
  await page.waitForSelector('[data-entry=receive] [data-waiting]')
  await openFrom('receive', 'IN-2')
  await refused(labels.first, /单据 IN-2 上没有这个产品：经典啤酒/)
  await wedge(page, 'ST*BACK*')
  await openFrom('receive', 'IN-1')
  await refused(labels.restricted, /没有授权：二号仓库 不能经手 白葡萄酒/)
  assert.equal(await scan(labels.first), 'accepted')
  assert.deepEqual(await lines(), ['经典啤酒 0 + 2 / 8'])
  assert.equal(await scan(labels.blocked), 'warning')
  assert.match(await page.textContent('.feedback [data-message]'), /批次 BAD 被质检锁定：收下后单独存放/)
  assert.equal(await scan(labels.pending), 'accepted')
  assert.equal(await scan(labels.dedicated), 'accepted')
  await refused(labels.second, /超出单据数量（经典啤酒）：单据要 8 瓶，加上它是 10 瓶/)
  await shoot(page, 'real-receive')
  assert.deepEqual(await faults(page), [])
  await wedge(page, 'ST*CONFIRM*')
  await page.waitForFunction(() => document.querySelector('.counter-number')?.textContent === '0')
  assert.deepEqual(await lines(), ['经典啤酒 8 / 8'])
  await refused(labels.first, /已经在本部署点/)
  await wedge(page, 'ST*BACK*')
})

test('what_must_not_leave_for_this_dealer_is_refused_at_the_scan', async () => {
  await page.waitForSelector('[data-entries]')
  await openFrom('ship', 'OUT-1')
  assert.match(await page.textContent('[data-header]'), /金陵酒业.*0 \/ 6.*出库单 OUT-1/s)
  await refused(labels.blocked, /批次 BAD 被质检锁定，不能出库：经典啤酒/)
  await refused(labels.pending, /批次 NEW 质检还没有放行，不能出库：经典啤酒/)
  await refused(labels.dedicated, /这是给 姑苏酒行 的专供货，不能发给 金陵酒业/)
  await refused(labels.second, /还没有在本处入库，系统里它在 一厂：先入库，再出库/)
  assert.equal(await scan(labels.first), 'accepted')
  await wedge(page, 'ST*CONFIRM*')
  await page.waitForFunction(() => document.querySelector('.counter-number')?.textContent === '0')
  assert.deepEqual(await lines(), ['经典啤酒 2 / 6'])
  await shoot(page, 'real-ship')
  await wedge(page, 'ST*BACK*')
  await delivered()
  const { demand } = await cloud.call('GET', `/documents/${outbound.id}`)
  assert.equal(demand[0].moved, 2)
  const { rows } = await (await page.request.get(`${agent.url}api/exceptions`)).json()
  assert.deepEqual(rows.filter((row) => row.kind !== 'refused'), [], 'the cloud found nothing that the device had not')
})

test('an_auditor_is_told_that_moving_goods_is_not_for_the_role', async () => {
  await page.click('[data-act=logout]')
  await page.waitForSelector('[data-form=login]')
  await signIn('zhao', warehouse)
  assert.deepEqual(await page.$$eval('[data-entry]', (entries) => entries.map((entry) => entry.dataset.entry)), ['verify', 'count', 'lookup'])
  await wedge(page, 'ST*SHIP*')
  await page.waitForSelector('.feedback[data-tone=warning]')
  assert.match(await page.textContent('.feedback [data-message]'), /你的角色不能做这一项，需要操作员/)
  await wedge(page, 'ST*LOOKUP*')
  await page.waitForSelector('.scan[data-screen=lookup]')
  await scan(labels.first)
  assert.match(await page.textContent('[data-item]'), /发往 金陵酒业/)
  assert.deepEqual(browser.errors, [])
})
