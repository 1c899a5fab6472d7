// The part of the stand-in beside the station: who is signed in, the lock, exceptions, the log, the backlog, dealers.
const AT = Date.now()
const case1 = '(00)069012345678901234'
const bottle = '7KQ2M4XAVT9C0H3RZ'
const by = { id: 5, name: '李强' }

const row = (id, changes) => ({ id, at: AT - id * 60000, kind: 'verdict', code: null, rejection: null, detail: null, times: 1, lane: null, screen: null, operation: null, resolutions: [], resolved: null, ...changes })
const ways = (...names) => names.map((name) => ({ name, scans: 2 }))
const exceptions = {
  open: [
    row(1, { code: bottle, rejection: { already_packed: { code: bottle, parent: case1 } }, operation: { epoch: 1, seq: 7, kind: 'pack', at: AT, codes: 25 }, resolutions: ways('pack_again', 'found_in', 'stands') }),
    row(2, { kind: 'set_aside', code: case1, lane: '2 号线', rejection: { scanned_twice: { code: bottle } }, resolutions: ways('repacked', 'destroyed') }),
    row(3, { kind: 'notice', code: '(00)069012345678901241', detail: 'implied_return', operation: { epoch: 1, seq: 9, kind: 'ship', at: AT, codes: 1 }, resolutions: ways('undo', 'seen') }),
    row(4, { kind: 'refused', code: '(00)069012345678901258', times: 3, screen: 'ship', rejection: { wrong_dealer: { dealer: { id: 2, name: '金陵酒业' }, expected: { id: 3, name: '姑苏酒行' } } }, resolutions: ways('seen') }),
    row(5, { kind: 'critical', detail: 'forked', resolutions: ways('seen') }),
    row(6, { code: case1, rejection: { something_new: {} } }),
  ],
  resolved: [row(8, { code: bottle, rejection: { scanned_twice: { code: bottle } }, resolved: { at: AT, by, how: 'stands', reason: null, operation: null } })],
}

export const dealers = ['南京金陵酒业有限公司', '苏州姑苏酒行', '杭州西湖商贸', '宁波东海酒业', '无锡太湖酒行', '扬州瘦西湖酒业', '镇江金山商贸', '常州天宁酒行', '南通濠河酒业', '徐州云龙商贸', '盐城大丰酒行'].map((name, i) => ({ id: 40 + i, name }))

const LINES = Array.from({ length: 120 }, (_, i) => ({
  id: 120 - i,
  at: AT - i * 4000,
  level: i % 17 === 3 ? 'error' : i % 7 === 2 ? 'warn' : 'info',
  message: i % 17 === 3 ? 'the cloud refused a batch' : i % 7 === 2 ? 'no connection; trying again' : 'an operation was confirmed <b>&amp;</b>',
  fields: { 'operation.seq': i, 'device.id': 9 },
}))
LINES.push({ id: 0, at: null, level: null, message: 'a line of another program', fields: {} })
const LOG_PAGE = 50

/** The answer of the desk, or null when the request is not for it. */
export function answerDesk(agent, route, params, body) {
  const { session } = agent
  if (route === 'GET /api/session') return [200, session]
  if (route === 'POST /api/session/unlock') return unlock(session, JSON.parse(body))
  if (session.locked && route !== 'DELETE /api/session') return [423, { error: { code: 'locked', params: {} } }]
  if (route === 'DELETE /api/session') {
    agent.loggedIn = false
    return [204, null]
  }
  if (route === 'POST /api/session/lock') {
    session.locked = true
    return [204, null]
  }
  if (route === 'PUT /api/session/site') {
    if (agent.refusal) return [409, { error: agent.refusal }]
    session.site = session.sites.find((site) => site.id === JSON.parse(body).site)
    return [200, session]
  }
  if (route === 'GET /api/dealers') return [200, { rows: dealers }]
  if (route === 'GET /api/exceptions') return [200, { rows: agent.exceptions ?? exceptions[params.get('state')] }]
  if (route === 'GET /api/log') return [200, logPage(params)]
  if (route === 'GET /api/backlog' && agent.refusal) return [409, { error: agent.refusal }]
  if (route === 'GET /api/backlog') return [200, Buffer.alloc(2048, 7), 'application/octet-stream']
  return null
}

function unlock(session, { pin }) {
  if (pin !== '2468') return [401, { error: { code: 'wrong_pin', params: {} } }]
  session.locked = false
  return [200, session]
}

function logPage(params) {
  const q = (params.get('q') ?? '').toLowerCase()
  const before = Number(params.get('before') ?? Infinity)
  const found = LINES.filter((line) => (!params.get('level') || line.level === params.get('level')) && JSON.stringify(line).toLowerCase().includes(q) && line.id < before)
  const rows = found.slice(0, LOG_PAGE)
  return { rows, next: found.length > rows.length ? rows[rows.length - 1].id : null }
}
