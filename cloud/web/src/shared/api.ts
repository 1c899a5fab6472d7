// The one way a page talks to the cloud: JSON in, JSON out, a refusal as `ApiError` with a code the page words.

export type Params = Record<string, unknown>

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly params: Params = {},
  ) {
    super(`${status} ${code}`)
  }
}

const REQUEST_TIMEOUT_MS = 20_000

let onSignedOut: () => void = () => {}

/** What to do when the cloud says that nobody is signed in (any request but the login itself). */
export function whenSignedOut(handler: () => void): void {
  onSignedOut = handler
}

export type Query = Record<string, string | number | undefined>

export function apiPath(path: string, query: Query = {}): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') search.set(name, String(value))
  }
  const text = search.toString()
  return `/api/v1${path}${text ? `?${text}` : ''}`
}

async function send<T>(method: string, url: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const limit = new AbortController()
  const timer = setTimeout(() => limit.abort(), REQUEST_TIMEOUT_MS)
  signal?.addEventListener('abort', () => limit.abort())
  try {
    const response = await fetch(url, {
      method,
      credentials: 'same-origin',
      headers: body === undefined ? { accept: 'application/json' } : { accept: 'application/json', 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: limit.signal,
    })
    if (response.ok) return (response.status === 204 ? undefined : await readJson(response)) as T
    throw await refusal(response)
  } catch (cause) {
    if (cause instanceof ApiError || signal?.aborted) throw cause
    throw new ApiError(0, limit.signal.aborted ? 'timeout' : 'network')
  } finally {
    clearTimeout(timer)
  }
}

async function readJson(response: Response): Promise<unknown> {
  const text = await response.text()
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    throw new ApiError(response.status, 'not_json')
  }
}

async function refusal(response: Response): Promise<ApiError> {
  let code = `http_${response.status}`
  let params: Params = {}
  try {
    const body = (await response.json()) as { error?: { code?: string; params?: Params } }
    if (body.error?.code) code = body.error.code
    params = body.error?.params ?? {}
  } catch {
    // A proxy answered instead of the cloud: the status is all there is.
  }
  if (response.status === 401 && code !== 'wrong_login') onSignedOut()
  return new ApiError(response.status, code, params)
}

export const api = {
  get: <T>(path: string, query?: Query, signal?: AbortSignal) => send<T>('GET', apiPath(path, query), undefined, signal),
  post: <T>(path: string, body: unknown = {}) => send<T>('POST', apiPath(path), body),
  put: <T>(path: string, body: unknown) => send<T>('PUT', apiPath(path), body),
  delete: <T = void>(path: string) => send<T>('DELETE', apiPath(path), {}),
}
