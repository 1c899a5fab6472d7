// Fetches what the agent hands out as a file and has the browser keep it: an error is then words on the page, not a file
// that holds an error.
import { ApiError, Unreachable } from './client'

/** How long the browser may take to begin keeping it. */
const KEEP_MS = 60000

/** The bytes of what was kept. */
export async function keepFile(path: string): Promise<number> {
  let response: Response
  let file: Blob
  try {
    response = await fetch(path, { credentials: 'same-origin', cache: 'no-store' })
    file = await response.blob()
  } catch (gone) {
    throw new Unreachable(String(gone))
  }
  if (!response.ok) throw await refusal(response.status, file)
  const address = URL.createObjectURL(file)
  const link = document.createElement('a')
  link.href = address
  link.download = nameIn(response.headers.get('content-disposition'))
  link.click()
  window.setTimeout(() => URL.revokeObjectURL(address), KEEP_MS)
  return file.size
}

function nameIn(disposition: string | null): string {
  return /filename="([^"]+)"/.exec(disposition ?? '')?.[1] ?? 'sealtrace'
}

async function refusal(status: number, body: Blob): Promise<ApiError> {
  try {
    const { error } = (await new Response(body).json()) as { error?: { code?: string; params?: Record<string, unknown> } }
    return new ApiError(status, error?.code ?? `http_${status}`, error?.params ?? {})
  } catch (unreadable) {
    return new ApiError(status, `http_${status}`, {})
  }
}
