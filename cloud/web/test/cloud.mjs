// Starts the real cloud binary on private ports with an empty data folder, and speaks to its API as a person would.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const BINARIES = process.env.SEALTRACE_BINARIES || fileURLToPath(new URL('../../../target/debug/', import.meta.url))
const START_LIMIT_MS = 20_000

export const ADMIN = { login: 'admin', name: '管理员', password: 'correct horse battery' }

// Ended from outside, a test still ends what it started: handlers of `exit` run.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))

/** The path of a program of this repository. */
export function binary(name) {
  const path = join(BINARIES, name)
  if (!existsSync(path)) throw new Error(`${path} is missing: run cargo build --workspace --all-targets, or name the folder of the programs in SEALTRACE_BINARIES`)
  return path
}

/** A port nobody listens on now. */
function freePort() {
  return new Promise((found, failed) => {
    const probe = createServer()
    probe.once('error', failed)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address()
      probe.close(() => found(port))
    })
  })
}

export async function startCloud() {
  const program = binary('sealtrace-cloud')
  const data = await mkdtemp(join(tmpdir(), 'sealtrace-cloud-web-'))
  const account = ['admin', 'create-account', '--data', data, '--login', ADMIN.login, '--name', ADMIN.name, '--role', 'admin', '--password-stdin']
  const created = spawnSync(program, account, { input: `${ADMIN.password}\n`, encoding: 'utf8' })
  if (created.status !== 0) throw new Error(`create-account ended with ${created.status}: ${created.stderr}`)

  const web = `127.0.0.1:${await freePort()}`
  const device = `127.0.0.1:${await freePort()}`
  const server = spawn(program, ['serve', '--data', data, '--web', web, '--device', device], { stdio: ['ignore', 'pipe', 'pipe'] })
  let log = ''
  for (const stream of [server.stdout, server.stderr]) stream.on('data', (bytes) => { log = (log + bytes).slice(-20_000) })
  const base = `http://${web}`
  const kill = () => server.kill('SIGKILL')
  process.on('exit', kill)
  const stop = async () => {
    process.off('exit', kill)
    if (server.exitCode === null) {
      const ended = new Promise((done) => server.once('exit', done))
      server.kill('SIGTERM')
      const hard = setTimeout(kill, 5_000)
      await ended
      clearTimeout(hard)
    }
    await rm(data, { recursive: true, force: true })
  }
  const end = Date.now() + START_LIMIT_MS
  for (;;) {
    const healthy = await fetch(`${base}/healthz`).then((answer) => answer.ok, () => false)
    if (healthy) break
    if (server.exitCode !== null || Date.now() > end) {
      await stop()
      throw new Error(`the cloud did not start (exit ${server.exitCode}):\n${log}`)
    }
    await new Promise((soon) => setTimeout(soon, 100))
  }
  return { base, stop, log: () => log }
}

/** The API with the session of one account. */
export async function signedIn(base, { login, password }) {
  let cookie = ''
  const send = async (method, path, body) => {
    const answer = await fetch(`${base}/api/v1${path}`, {
      method,
      headers: { origin: base, 'content-type': 'application/json', ...(cookie ? { cookie } : {}) },
      body: body === undefined ? undefined : JSON.stringify(body),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`)
    const set = answer.headers.getSetCookie()[0]
    if (set) cookie = set.split(';')[0]
    return answer.headers.get('content-type')?.includes('json') ? JSON.parse(text) : text
  }
  await send('POST', '/session', { login, password })
  return { get: (path) => send('GET', path), post: (path, body = {}) => send('POST', path, body), put: (path, body) => send('PUT', path, body) }
}

/** A product with all it needs, its sites, a dealer, an order with codes released as two tasks, documents; and people of each role. */
export async function furnish(base) {
  const api = await signedIn(base, ADMIN)
  const product = await api.post('/products', { name: '试验啤酒 500ml', gtin: '06901234567892', plan: [{ level: 'case', holds: 24 }, { level: 'pallet', holds: 10 }] })
  const line = await api.post('/sites', { name: '一号线', kind: 'line' })
  const store = await api.post('/sites', { name: '成品库', kind: 'warehouse' })
  const dealer = await api.post('/dealers', { name: '南京经销商', territories: [{ product: product.id, regions: ['320100'] }] })
  const brand = await api.post('/brands', { name: '试验' })
  const category = await api.post('/categories', { name: '啤酒' })
  await api.post('/stores', { name: '新街口店', dealer: dealer.id, region: ['320100'], address: '中山路 1 号' })
  await api.post('/operators', { login: 'li', name: '李师傅', role: 'supervisor', pin: '246810', sites: [line.id, store.id] })
  const order = await api.post('/orders', { number: 'PO-0001', product: product.id, lot: 'LOT-A', quantity: 480 })
  await api.post(`/orders/${order.id}/codes`, { units: 500, cases: 22, pallets: 3 })
  await api.post(`/orders/${order.id}/release`, { tasks: [{ site: line.id, kind: 'line', quantity: 240 }, { site: store.id, kind: 'device', quantity: 240 }] })
  const document = await api.post('/documents', { number: 'CK-0001', kind: 'outbound', site: store.id, dealer: dealer.id, lines: [{ product: product.id, unit: 'case', quantity: 10 }] })
  for (const step of ['submit', 'approve']) await api.post(`/documents/${document.id}/${step}`)
  await api.post('/documents', { number: 'DB-0001', kind: 'transfer', site: store.id, other: line.id, lines: [{ product: product.id, unit: 'pallet', quantity: 1 }] })
  for (let n = 2; n <= 23; n += 1) {
    await api.post('/orders', { number: `PO-${String(n).padStart(4, '0')}`, product: product.id, lot: `LOT-${n}`, quantity: 240 })
  }
  const auditor = { login: 'auditor', name: '周审计', password: 'auditor password 1' }
  const inspector = { login: 'inspector', name: '李稽查', password: 'inspector password 1' }
  const manager = { login: 'manager', name: '吴主管', password: 'manager password 1' }
  await api.post('/accounts', { ...auditor, role: 'auditor' })
  await api.post('/accounts', { ...manager, role: 'manager' })
  await api.post('/accounts', { ...inspector, role: 'inspector' })
  const roll = await api.get(`/orders/${order.id}/rolls/unit`)
  return { api, product, brand, category, line, store, dealer, order, document, auditor, manager, inspector, printed: roll.split(/\r?\n/).filter(Boolean) }
}
