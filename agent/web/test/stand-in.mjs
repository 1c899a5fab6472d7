// Serves the built page with canned answers, for what a real agent cannot be made to do on demand: be slow, answer any
// tone, show every screen full. What it really answers is tested in main-job.test.mjs.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { extname } from 'node:path'
import { chooses } from './stand-in-choice.mjs'
import { answerDesk } from './stand-in-desk.mjs'
import { answerPrint } from './stand-in-print.mjs'

const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css' }
const dist = new URL('../dist/', import.meta.url)
const AT = Date.now()
const case1 = '(00)069012345678901234'

export const task = { id: 7, order: { id: 3, number: 'PO-2026-0419' }, product: { id: 1, name: '青岛啤酒 经典 500ml', gtin: '06901234567892' }, lot: 'L20260419', date: '2026-04-19', shift: '早班', plan: [{ level: 'case', holds: 24 }, { level: 'pallet', holds: 10 }], kind: 'device', quantity: 240, made: 48, state: 'in_work' }
const done = { ...task, id: 8, order: { id: 4, number: 'PO-2026-0418' }, lot: 'L20260418', date: '2026-04-18', made: 240, state: 'done' }
const wine = { id: 2, name: '崂山白葡萄酒 750ml', gtin: '04006381333931' }
const line = (product, units, moved, changes = {}) => ({ product, units, moved, loaded: 0, asked: units, ...changes })
const document = { id: 5, number: 'SO-88121', kind: 'outbound', screen: 'ship', other: { id: 2, name: '南京金陵酒业有限公司' }, lines: [line(task.product, 240, 120, { asked: 480 }), line(wine, 48, 48)], state: 'in_work' }
export const inbound = { id: 6, number: 'IN-2041', kind: 'inbound', screen: 'receive', other: { id: 3, name: '青岛一厂' }, lines: [line(task.product, 480, 0), line(wine, 48, 24), line({ id: 9, name: '崂山矿泉水 330ml' }, 96, 96)], state: 'in_work' }
const others = ['return', 'transfer', 'count'].map((kind, i) => ({ ...inbound, id: 10 + i, kind, screen: kind, number: `X-${i}`, other: kind === 'count' ? null : inbound.other, lines: [line(task.product, 24, 0)], state: 'approved' }))
const products = [{ ...task.product, plan: task.plan }, { ...wine, plan: [{ level: 'case', holds: 6 }] }]
const difference = { missing: ['7KQ2M4XAVT9C0H3RZ', '7KQ2M4XAVT9C0H3S0'], missing_count: 2, foreign: ['7KQ2M4XAVT9C0H3S1'], foreign_count: 1 }
const session = { operator: { id: 4, login: 'wang', name: '王芳', role: 'operator' }, site: { id: 1, name: '一号仓库' }, sites: [{ id: 1, name: '一号仓库' }, { id: 2, name: '二号包装线' }], locked: false, lock_after_ms: 300000 }
const item = { code: case1, level: 'case', state: 'active', product: task.product, lot: 'L20260419', parent: { code: '(00)069012345678909999', level: 'pallet' }, children: 24, contents: [{ product: task.product, lot: 'L20260419', units: 24 }], custody: { kind: 'at', site: { id: 1, name: '一号仓库' } }, disputed: false, last_done: { kind: 'receive', at: AT - 3600000 }, fresh_at: AT - 60000, heard_at: AT, known: true }
const lane = (name, changes) => ({ name, task, waits: null, open_units: 0, of: 24, pallet: null, accepted_cases: 0, rejected_cases: 0, no_reads: 0, rate_per_min: 0, reader: 'connected', finishing: false, stop: null, resync: null, exceptions: 0, last: [], ...changes })
const packed = (n, at) => ({ case: `(00)06901234567890${1000 + n}`, at, accepted: true })
export const lanes = () => [
  lane('1 号线', { open_units: 11, pallet: { code: null, cases: 3, of: 10 }, accepted_cases: 12408, rate_per_min: 82, last: Array.from({ length: 10 }, (_, i) => packed(i, AT - i * 730)) }),
  lane('2 号线', { accepted_cases: 57, rejected_cases: 2, no_reads: 3, rate_per_min: 9, exceptions: 2, resync: { at: AT - 60000, gap: 'label_missing', label: case1, places: 24 }, last: [{ case: '(00)069012345678901210', at: AT, accepted: false, reason: 'no_read' }, packed(1, AT - 5000)] }),
  lane('4 号线', { task: null, waits: 'tasks_done', of: 0, accepted_cases: 640, last: [packed(1, AT)] }),
  lane('3 号线', { open_units: 7, pallet: { code: null, cases: 4, of: 10 }, accepted_cases: 91, rejected_cases: 1, exceptions: 1, stop: 'reject_unconfirmed', last: [{ case: '(00)069012345678901234', at: AT, accepted: false, reason: 'gate_late' }] }),
]

/** Starts the server. `agent.scans` is what arrived; `delayMs`, `online`, `next` and `refusal` steer the answers. */
export async function standIn() {
  const agent = { scans: [], commands: [], delayMs: 0, online: true, loggedIn: false, next: null, refusal: null, view: null, overlapping: 0, busy: 0, revision: 1, waiters: [], choosing: null, lanes: lanes(), asked: [] }
  agent.view = home()
  const server = createServer(async (request, response) => {
    const chunks = []
    for await (const chunk of request) chunks.push(chunk)
    const [status, body, type] = await answer(agent, request.method, new URL(request.url, 'http://agent'), Buffer.concat(chunks))
    response.writeHead(status, { 'Content-Type': type ?? 'application/json' })
    response.end(type ? body : body === null ? '' : JSON.stringify(body))
  })
  agent.close = () => new Promise((resolve) => { server.close(resolve); server.closeAllConnections() })
  /** What a shell app hands over. */
  agent.broadcast = (text) => reply(agent, 'POST /api/broadcast', JSON.stringify({ text, source: 'broadcast' }))
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  agent.url = `http://127.0.0.1:${server.address().port}/`
  return agent
}

const can = (changes = {}) => ({ confirm: false, close: false, mix: false, undo: false, back: true, ...changes })
const view = (changes) => ({ revision: 1, count: 0, scans: 0, waiting: [], asks: null, offer: null, mixed_lots: false, last: [], blocked: false, ...changes })
const home = () => view({ screen: 'home', prompt: { code: 'choose', params: {} }, can: can({ back: false }) })

async function answer(agent, method, address, body) {
  const path = address.pathname
  if (!path.startsWith('/api/')) return file(path)
  const route = `${method} ${path}`
  if (route === 'GET /api/status') return [200, status(agent)]
  if (route === 'POST /api/session' && agent.refusal) return [403, { error: agent.refusal }]
  if (route === 'POST /api/session') {
    agent.loggedIn = true
    agent.session = structuredClone(session)
    return [200, agent.session]
  }
  if (route === 'GET /api/lanes') return [200, { rows: agent.lanes }]
  if (!agent.loggedIn) return [401, { error: { code: 'no_session', params: {} } }]
  if (path.startsWith('/api/lanes/')) return askLane(agent, path)
  const atDesk = answerDesk(agent, route, address.searchParams, body)
  if (atDesk !== null) return atDesk
  const printed = answerPrint(agent, route, body)
  if (printed !== null) return printed
  if (route === 'GET /api/products') return [200, { rows: products }]
  if (route === 'POST /api/tasks') return [201, ownTask(JSON.parse(body))]
  if (route === 'GET /api/tasks') return [200, { rows: [task, done] }]
  if (route === 'GET /api/documents') return [200, { rows: [document, inbound, ...others] }]
  if (route === 'GET /api/station/next') return new Promise((resolve) => agent.waiters.push(resolve))
  if (route === 'GET /api/station') return [200, agent.view]
  if (route === 'POST /api/station/open' && agent.refusal) return [409, { error: agent.refusal }]
  if (route === 'POST /api/station/open') return [200, (agent.view = opened((agent.opened = JSON.parse(body))))]
  agent.busy += 1
  agent.overlapping = Math.max(agent.overlapping, agent.busy)
  await new Promise((resolve) => setTimeout(resolve, agent.delayMs))
  agent.busy -= 1
  return [200, reply(agent, route, body)]
}

function opened({ screen, task: under, document: id, dealer, opened: isOpened, reason }) {
  const base = view({ screen, can: can(), prompt: { code: 'scan_package', params: {} }, reason, ...(under ? { task } : {}) })
  if (screen === 'home') return home()
  if (screen === 'pack' || screen === 'regroup') return { ...base, of: 24, can: can({ mix: !!under }), prompt: { code: 'scan_child', params: { level: 'unit' } } }
  if (screen === 'commission') return { ...base, count: 48, of: 240, prompt: { code: 'scan_child', params: { level: 'unit' } } }
  if (screen === 'add_to') return { ...base, parent: { code: case1, level: 'case' }, count: 22, of: 24, can: can({ mix: !!under }), prompt: { code: 'scan_into_or_around', params: {} } }
  if (screen === 'relabel') return { ...base, parent: { code: case1, level: 'case' }, count: 1, of: 2, prompt: { code: 'scan_new', params: { level: 'case' } } }
  if (screen === 'return') return { ...base, opened: isOpened, ...(id === undefined ? { dealer: { id: dealer, name: '南京金陵酒业有限公司' } } : { document: others[0] }) }
  if (screen === 'transfer') return { ...base, document: others[1], waiting: [{ document: { id: 5, number: 'SO-88121' }, scans: 3 }] }
  if (screen === 'count') return { ...base, document: others[2], seen: 96, can: can({ close: true }) }
  if (screen === 'ship') return { ...base, document }
  if (screen === 'receive') return id === undefined ? base : { ...base, document: inbound }
  if (screen === 'lookup') return { ...base, item, prompt: { code: 'scan_code', params: {} } }
  if (screen !== 'verify') return base
  return { ...base, parent: { code: case1, level: 'case' }, count: 22, of: 24, prompt: { code: 'scan_children', params: {} }, difference }
}

const ready = (agent, code = 'ready') => answered(agent, { tone: 'ready', message: { code, params: {} } })

/** A reply: every one has the next revision. */
function answered(agent, { tone, message, provisional = false }) {
  agent.revision += 1
  agent.view.revision = agent.revision
  return { tone, message, provisional, offer: agent.view.offer, revision: agent.revision, view: agent.view }
}

function act(agent, command) {
  const { view } = agent
  const asked = /^(confirm|close|mix|switch|undo|back|ok|acknowledge|home)$/.test(command) ? null : chooses(agent, command, { tasks: [task], documents: [document, inbound, ...others] })
  if (asked?.choice) agent.view = { ...home(), screen: agent.choosing.wanted.screen, choice: asked.choice, can: can() }
  if (asked?.open) agent.view = opened((agent.opened = asked.open))
  if (command === 'back' || command === 'home') agent.view = home()
  if (command === 'acknowledge' || command === 'ok') view.blocked = false
  if (command === 'ok') return ready(agent, 'acknowledged')
  if (command === 'mix') view.mixed_lots = !view.mixed_lots
  if (command === 'close' && view.screen === 'count') Object.assign(view, { difference: { ...difference, missing_count: 140 }, can: can({ confirm: true }), prompt: { code: 'post_count', params: {} } })
  if (command === 'close' && view.screen === 'pack') {
    view.asks = 'close'
    return answered(agent, { tone: 'warning', message: { code: 'needs_approval', params: { needs: 'supervisor' } } })
  }
  return ready(agent)
}

function reply(agent, route, body) {
  if (route === 'POST /api/station/command') {
    const { command } = JSON.parse(body)
    agent.commands.push(command)
    return act(agent, command)
  }
  const said = /^ST\*(\w+)\*$/.exec(JSON.parse(body).text)
  if (said) return act(agent, said[1].toLowerCase())
  const { view } = agent
  const { text } = JSON.parse(body)
  agent.scans.push(JSON.parse(body))
  const steered = agent.next
  agent.next = null
  const tone = steered?.tone ?? 'accepted'
  view.blocked = tone === 'refused'
  if (tone === 'accepted') view.count += 1
  if (tone === 'accepted' && view.document) view.document = { ...view.document, lines: view.document.lines.map((line, i) => (i === 0 ? { ...line, loaded: line.loaded + 24 } : line)) }
  view.parent = { code: case1, level: 'case' }
  view.last = [{ code: text, at: AT, tone }, ...view.last].slice(0, 5)
  view.offer = steered?.offer ?? null
  view.asks = null
  view.scans += tone === 'accepted' ? 1 : 0
  view.can = { ...view.can, undo: true, close: view.count > 0, confirm: view.count > 0 }
  const answer = answered(agent, { tone, message: steered?.message ?? { code: 'accepted', params: {} }, provisional: steered?.provisional })
  if (!route.endsWith('/broadcast')) return answer
  for (const waiter of agent.waiters.splice(0)) waiter([200, answer])
  return answer
}

/** A lane does what it is asked, and shows that. */
function askLane(agent, path) {
  const [, , , name, asked] = path.split('/').map(decodeURIComponent)
  agent.asked.push([name, asked])
  Object.assign(agent.lanes.find((lane) => lane.name === name), asked === 'finish' ? { finishing: true } : { stop: null })
  return [204, null]
}

function ownTask({ product, lot, date, shift, quantity }) {
  return { ...task, id: 9, product: products.find((one) => one.id === product), lot, date, shift, quantity, made: 0, state: 'open' }
}

function status(agent) {
  return { device: { id: 9, name: 'PDA-03' }, site: session.site, enrolled: true, online: agent.online, unsent_operations: agent.online ? 0 : 37, unsent_batches: 2, unjudged_operations: 3, drafts: 11, last_receipt_at: AT - 90000, last_feed_at: AT - 95000, clock_offset_ms: -420, storage: { free_bytes: 9.4e9, total_bytes: 32e9 }, certificate_expires_at: AT + 20 * 86400000, frozen: false, lost: !agent.online, version: '0.1.0' }
}

function file(path) {
  const name = path === '/' ? 'index.html' : path.slice(1)
  if (!/^(index\.html|assets\/[\w-]+\.\w+)$/.test(name)) return [404, 'no such file', 'text/plain']
  return [200, readFileSync(new URL(name, dist)), TYPES[extname(name)] ?? 'application/octet-stream']
}
