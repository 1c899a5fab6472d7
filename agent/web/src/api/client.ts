// One function per request to the agent; every failure becomes an ApiError or an Unreachable.
import type { Command, Decoded, Document, Exception, Lane, LaneCommand, LogRow, MakeableProduct, Message, Named, Opened, OwnTask, PrintDecision, Printing, PrintJob, QueuedLabel, Reply, Session, Source, Status, Task, View, WantedLabel } from './types'

/** Longest wait for one answer before the agent counts as unreachable. */
const ANSWER_MS_MAX = 8000

/** Longest wait for something to change: a little longer than the agent holds the question. */
const NEXT_MS_MAX = 30000

/** The agent answered no, with a code. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly params: Record<string, unknown>,
  ) {
    super(code)
  }
}

/** The agent did not answer: whether it saw the request is unknown. */
export class Unreachable extends Error {}

async function request<T>(method: string, path: string, body?: unknown, raw?: Blob, withinMs = ANSWER_MS_MAX): Promise<T> {
  const init: RequestInit = { method, credentials: 'same-origin', cache: 'no-store' }
  if (raw !== undefined) {
    init.body = raw
    init.headers = { 'Content-Type': raw.type || 'application/octet-stream' }
  } else if (body !== undefined) {
    init.body = JSON.stringify(body)
    init.headers = { 'Content-Type': 'application/json' }
  }
  const response = await withinTime(fetch(path, init), withinMs)
  const text = await withinTime(response.text(), withinMs)
  let answer: unknown = null
  try {
    answer = text === '' ? null : JSON.parse(text)
  } catch (broken) {
    if (response.ok) throw new Unreachable('answer is not JSON')
  }
  if (response.ok) return answer as T
  const error = (answer as { error?: { code?: string; params?: Record<string, unknown> } } | null)?.error
  throw new ApiError(response.status, error?.code ?? `http_${response.status}`, error?.params ?? {})
}

async function withinTime<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer = 0
  const late = new Promise<never>((_, reject) => {
    timer = window.setTimeout(() => reject(new Unreachable('no answer in time')), ms)
  })
  try {
    return await Promise.race([work, late])
  } catch (failure) {
    throw failure instanceof Unreachable ? failure : new Unreachable(String(failure))
  } finally {
    window.clearTimeout(timer)
  }
}

export interface LogFilter {
  q: string
  level: string
}

/** The parameters that say something, as an address has them. */
export function query(parameters: object): string {
  return Object.entries(parameters)
    .filter(([, value]) => value !== undefined && value !== null && value !== '')
    .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`)
    .join('&')
}

/** What a failure says to a person. */
export function failed(no: unknown): Message {
  return no instanceof ApiError ? { code: no.code, params: no.params } : { code: 'unreachable' }
}

const rows = async <T>(path: string) => (await request<{ rows: T[] }>('GET', path)).rows

export const api = {
  login: (login: string, pin: string, site?: number) =>
    request<Session>('POST', '/api/session', site === undefined ? { login, pin } : { login, pin, site }),
  session: () => request<Session>('GET', '/api/session'),
  logout: () => request<unknown>('DELETE', '/api/session'),
  lock: () => request<unknown>('POST', '/api/session/lock'),
  unlock: (pin: string) => request<Session>('POST', '/api/session/unlock', { pin }),
  moveTo: (site: number) => request<Session>('PUT', '/api/session/site', { site }),
  status: () => request<Status>('GET', '/api/status'),
  tasks: () => rows<Task>('/api/tasks'),
  openTask: (task: OwnTask) => request<Task>('POST', '/api/tasks', task),
  products: () => rows<MakeableProduct>('/api/products'),
  dealers: () => rows<Named>('/api/dealers'),
  documents: () => rows<Document>('/api/documents'),
  station: () => request<View>('GET', '/api/station'),
  /** Waits until something has changed after this revision; null when nothing has. */
  next: (after: number) => request<Reply | null>('GET', `/api/station/next?after=${after}`, undefined, undefined, NEXT_MS_MAX),
  open: (opened: Opened) => request<View>('POST', '/api/station/open', opened),
  scan: (text: string, source: Source) => request<Reply>('POST', '/api/station/scan', { text, source }),
  picture: (picture: Blob) => request<Reply>('POST', '/api/station/picture', undefined, picture),
  command: (command: Command) => request<Reply>('POST', '/api/station/command', { command }),
  approve: (login: string, pin: string) => request<Reply>('POST', '/api/station/approve', { login, pin }),
  exceptions: (state: 'open' | 'resolved' = 'open') => rows<Exception>(`/api/exceptions?state=${state}`),
  log: (filter: LogFilter, before?: LogRow['id']) =>
    request<{ rows: LogRow[]; next: LogRow['id'] | null }>('GET', `/api/log?${query({ ...filter, before })}`),
  lanes: () => rows<Lane>('/api/lanes'),
  /** What a frame of the camera shows; the station does not hear of it. */
  look: (frame: Blob) => request<{ decoded: Decoded[] }>('POST', '/api/camera', undefined, frame),
  printing: () => request<Printing>('GET', '/api/print'),
  print: (label: WantedLabel) => request<QueuedLabel>('POST', '/api/print', label),
  /** Why a preview is none: a picture that does not load cannot say it. */
  whyNot: (address: string) => request<never>('GET', address),
  printJobs: () => rows<PrintJob>('/api/print/jobs'),
  printJob: (id: number) => request<PrintJob>('GET', `/api/print/jobs/${id}`),
  decide: (id: number, decision: PrintDecision) => request<PrintJob>('POST', `/api/print/jobs/${id}`, { decision }),
  reprint: (id: number, why: string) => request<QueuedLabel>('POST', `/api/print/jobs/${id}/reprint`, { why }),
  askLane: (name: string, asked: LaneCommand) => request<unknown>('POST', `/api/lanes/${encodeURIComponent(name)}/${asked}`),
}
