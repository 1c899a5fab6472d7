// One function per request to the agent; every failure becomes an ApiError or an Unreachable.
import type { Command, Document, Exception, Lane, LogRow, Named, Reply, ScreenName, Session, Source, Status, Task, View } from './types'

/** Longest wait for one answer before the agent counts as unreachable. */
const ANSWER_MS_MAX = 8000

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

async function request<T>(method: string, path: string, body?: unknown, raw?: Blob): Promise<T> {
  const init: RequestInit = { method, credentials: 'same-origin', cache: 'no-store' }
  if (raw !== undefined) {
    init.body = raw
    init.headers = { 'Content-Type': raw.type || 'application/octet-stream' }
  } else if (body !== undefined) {
    init.body = JSON.stringify(body)
    init.headers = { 'Content-Type': 'application/json' }
  }
  const response = await withinTime(fetch(path, init))
  const text = await withinTime(response.text())
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

async function withinTime<T>(work: Promise<T>): Promise<T> {
  let timer = 0
  const late = new Promise<never>((_, reject) => {
    timer = window.setTimeout(() => reject(new Unreachable('no answer in time')), ANSWER_MS_MAX)
  })
  try {
    return await Promise.race([work, late])
  } catch (failure) {
    throw failure instanceof Unreachable ? failure : new Unreachable(String(failure))
  } finally {
    window.clearTimeout(timer)
  }
}

/** What a screen is opened for. */
export interface Work {
  task?: number
  document?: number
  dealer?: number
  opened?: boolean
  reason?: string
  exception?: number
  resolution?: string
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

export const api = {
  login: (login: string, pin: string, site?: number) =>
    request<Session>('POST', '/api/session', site === undefined ? { login, pin } : { login, pin, site }),
  session: () => request<Session>('GET', '/api/session'),
  unlock: (pin: string) => request<Session>('POST', '/api/session/unlock', { pin }),
  lock: () => request<unknown>('POST', '/api/session/lock'),
  moveTo: (site: number) => request<Session>('PUT', '/api/session/site', { site }),
  logout: () => request<unknown>('DELETE', '/api/session'),
  status: () => request<Status>('GET', '/api/status'),
  tasks: async () => (await request<{ rows: Task[] }>('GET', '/api/tasks')).rows,
  documents: async () => (await request<{ rows: Document[] }>('GET', '/api/documents')).rows,
  dealers: async () => (await request<{ rows: Named[] }>('GET', '/api/dealers')).rows,
  station: () => request<View>('GET', '/api/station'),
  open: (screen: ScreenName, work: Work = {}) => request<View>('POST', '/api/station/open', { screen, ...work }),
  scan: (text: string, source: Source) => request<Reply>('POST', '/api/station/scan', { text, source }),
  picture: (picture: Blob) => request<Reply>('POST', '/api/station/picture', undefined, picture),
  command: (command: Command) => request<Reply>('POST', '/api/station/command', { command }),
  exceptions: async (state: 'open' | 'resolved') => (await request<{ rows: Exception[] }>('GET', `/api/exceptions?state=${state}`)).rows,
  log: (filter: LogFilter, before?: LogRow['id']) =>
    request<{ rows: LogRow[]; next: LogRow['id'] | null }>('GET', `/api/log?${query({ ...filter, before })}`),
  lanes: async () => (await request<{ rows: Lane[] }>('GET', '/api/lanes')).rows,
}
