// A small plant at the real cloud, and what its line has packed: the stock that tests of moving goods begin with.
import assert from 'node:assert/strict'

export const PIN = '2468'
/** Bottles in a case of every product here. */
export const PER_CASE = 2

/** Sites, dealers, products and people; `device` enrols a PDA that may work at all the sites. */
export async function plant(cloud, { implied_receipt = false } = {}) {
  const create = (path, body) => cloud.call('POST', path, body)
  const factory = await create('/sites', { name: '一厂', kind: 'factory' })
  const warehouse = await create('/sites', { name: '二号仓库', kind: 'warehouse', implied_receipt })
  const sites = [factory.id, warehouse.id]
  const jinling = await create('/dealers', { name: '金陵酒业' })
  const gusu = await create('/dealers', { name: '姑苏酒行' })
  const plan = [{ level: 'case', holds: PER_CASE }]
  const product = (name, gtin, more = {}) => create('/products', { name, gtin, plan, ...more })
  const beer = await product('经典啤酒', '06901234567892')
  const water = await product('矿泉水', '04006381333931')
  const person = (login, name, role) => create('/operators', { login, name, role, pin: PIN, sites })
  const document = async (body) => {
    const { id } = await create('/documents', body)
    await create(`/documents/${id}/submit`, {})
    return create(`/documents/${id}/approve`, {})
  }
  const cases = (of, quantity) => [{ product: of.id, unit: 'case', quantity }]
  const device = async (name) => (await create('/devices/tokens', { name, sites })).token
  return { create, factory, warehouse, jinling, gusu, beer, water, product, person, document, cases, device }
}

/** An order of one case, released at the factory, with its labels as printed. */
export async function printed(cloud, { factory, create }, number, product, lot) {
  const order = await create('/orders', { number, product: product.id, lot, quantity: PER_CASE })
  await create(`/orders/${order.id}/codes`, { units: PER_CASE, cases: 1 })
  const roll = async (level) => (await cloud.call('GET', `/orders/${order.id}/rolls/${level}`)).trim().split(/\r?\n/)
  const released = await create(`/orders/${order.id}/release`, { tasks: [{ site: factory.id, kind: 'device', quantity: PER_CASE }] })
  return { task: released.tasks[0].id, units: await roll('unit'), label: (await roll('case'))[0] }
}

/** Packs what was printed at the factory; scans go straight to the agent. */
export async function packAll(agent, { factory }, login, packed) {
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
  await until(() => call('session', { login, pin: PIN, site: factory.id }))
  for (const { task, units, label } of packed) {
    await until(() => call('station/open', { screen: 'pack', task }))
    const replies = []
    for (const text of [...units, label]) replies.push((await call('station/scan', { text, source: 'wedge' })).answer)
    assert.equal(replies[replies.length - 1].message.code, 'operation_confirmed', JSON.stringify(replies.map(({ message }) => message)))
  }
  await call('station/command', { command: 'back' })
}

/** Everything done at the agent has its verdict. */
export async function delivered(agent) {
  for (const deadline = Date.now() + 60000; ; await new Promise((resolve) => setTimeout(resolve, 100))) {
    const { unsent_operations: unsent, unjudged_operations: unjudged } = await agent.status()
    if (unsent + unjudged === 0) return
    assert.ok(Date.now() < deadline, `${unsent} unsent, ${unjudged} unjudged`)
  }
}

/** A person at the page who has a scanner and nothing else. */
export function scanning(page, wedge) {
  const said = () => page.textContent('.feedback [data-message]')
  const n = async () => Number(await page.getAttribute('.feedback', 'data-n'))
  const after = (n) => page.waitForFunction((n) => Number(document.querySelector('.feedback')?.dataset.n) > n, n)
  /** Scans one code on the station and waits for the agent's word on it. */
  const scan = async (text) => {
    const before = await n()
    await wedge(page, text)
    await after(before)
    return page.getAttribute('.feedback', 'data-tone')
  }
  /** Scans what must be refused with these words, and acknowledges that. */
  const refused = async (text, words) => {
    assert.equal(await scan(text), 'refused')
    await page.waitForSelector('[data-overlay=blocked]')
    assert.match(await page.textContent('[data-overlay] [data-message]'), words)
    await wedge(page, 'ST*OK*')
    await page.waitForSelector('[data-overlay=blocked]', { state: 'detached' })
  }
  /** Opens a screen by command barcodes and papers, as `open('return', 'RE-1', 'ST*1*')`. */
  const open = async (screen, ...choices) => {
    for (const text of [`ST*${screen.toUpperCase()}*`, ...choices]) await wedge(page, text)
    await page.waitForSelector(`.scan[data-screen=${screen}]`)
  }
  const back = async () => {
    await wedge(page, 'ST*BACK*')
    await page.waitForSelector('[data-entries]')
  }
  /** What is scanned is confirmed, and the counter begins anew. */
  const confirm = async () => {
    await wedge(page, 'ST*CONFIRM*')
    await page.waitForFunction(() => document.querySelector('.counter-number')?.textContent === '0')
  }
  const lines = () => page.$$eval('[data-lines] li', (rows) => rows.map((row) => row.innerText.replace(/\s+/g, ' ').trim()))
  /** The badge, the PIN, and the site by its number in the list. */
  const signIn = async (login, site) => {
    await page.waitForSelector('[data-form=login]')
    await wedge(page, login)
    await page.waitForFunction(() => document.activeElement.id === 'pin')
    await wedge(page, PIN)
    await page.waitForSelector('[data-form=site]')
    await wedge(page, `ST*${site}*`)
    await page.waitForSelector('[data-entries]')
  }
  return { said, scan, refused, open, back, confirm, lines, signIn }
}
