// The part of the stand-in that prints: no printer, until a test gives it some.
const AT = Date.now()
const code = '(00)069012345678901234'
const label = (name, ...levels) => ({ name, summary: name, levels })
const SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="4in" height="2.4in" viewBox="0 0 400 240"><rect width="400" height="240" fill="#fff"/><text x="16" y="40" font-size="24">青岛啤酒 经典 500ml</text><path d="M40 100h8v90h-8zM56 100h4v90h-4zM72 100h12v90h-12z"/><text x="80" y="225" font-size="18">(00) 069012345678901234</text></svg>'

const job = (id, changes) => ({ id, at: AT - id * 60000, operator: { id: 4, name: '王芳' }, printer: '一号台', template: 'case-100x60', code, copies: 1, state: 'printed', attempts: 1, problem: null, of_job: null, why: null, events: [{ at: AT - 60000, event: 'queued', operator: { id: 4, name: '王芳' }, detail: null }, { at: AT, event: 'printed', operator: null, detail: null }], ...changes })

/** Two printers, one of them out of labels, and a queue in which something must be decided. */
export const printing = () => ({
  printers: {
    rows: [
      { name: '一号台', profile: 'zebra-zd', labels: [label('case-100x60', 'case', 'box'), label('replacement-50x30', 'box', 'case', 'pallet')], automatic: [], standing: { job: null, problem: null, since: null } },
      { name: '托盘机', profile: 'tsc-ttp', labels: [label('pallet-100x150', 'pallet')], automatic: ['pallet'], standing: { job: 4, problem: { code: 'out_of_paper', params: {} }, since: AT } },
    ],
    labels: [{ level: 'case', left: 132, low: false }, { level: 'pallet', left: 12, low: true }],
  },
  jobs: [
    job(3, { state: 'uncertain', problem: { code: 'printer_lost', params: { why: 'Connection reset by peer (os error 104)' } } }),
    job(4, { state: 'queued', printer: '托盘机', template: 'pallet-100x150', code: '(00)069012345678909999', problem: { code: 'out_of_paper', params: {} } }),
    job(2, { why: 'damaged', of_job: 1 }),
    job(1, { code: null }),
  ],
  wanted: [],
})

/** The answer of the printers, or null when the request is not for them. */
export function answerPrint(agent, route, body) {
  const { printers, jobs, wanted } = (agent.printing ??= { printers: { rows: [], labels: [] }, jobs: [], wanted: [] })
  if (route === 'GET /api/print') return [200, printers]
  if (route === 'GET /api/print/jobs') return [200, { rows: jobs }]
  if (/^GET \/api\/print\/(jobs\/\d+\/)?preview$/.test(route)) return [200, SVG, 'image/svg+xml']
  if (route === 'POST /api/print') {
    wanted.push(JSON.parse(body))
    if (agent.refusal) return [409, { error: agent.refusal }]
    return [201, { job: 9, code, printer: '一号台' }]
  }
  const [, id, reprint] = /\/api\/print\/jobs\/(\d+)(\/reprint)?$/.exec(route) ?? []
  const found = jobs.find((job) => job.id === Number(id))
  if (found === undefined) return null
  if (route.startsWith('GET')) return [200, found]
  wanted.push({ id: found.id, ...JSON.parse(body) })
  if (reprint) return [201, { job: 10, code, printer: found.printer }]
  found.state = { printed: 'printed', again: 'queued', cancel: 'cancelled' }[JSON.parse(body).decision]
  return [200, found]
}
