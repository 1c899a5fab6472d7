// Filing inspections: at once when there is signal, kept on the phone and filed in order when there is none.
import { reactive } from 'vue'
import { api, ApiError } from '@shared/api'
import type { Custody, Level, Product, Region, Tagged } from '@shared/shapes'

export interface Inspection {
  text: string
  region: string
  accuracy_m?: number
  finding: string
  note: string
  id?: string
}
export interface Answer {
  item: { code?: string; level?: Level; state?: Tagged; product?: Product | null; lot?: string | null; custody?: Custody | null } | null
  suspected: boolean
  entitled_regions: Region[]
}
export interface Refused { text: string; reason: ApiError }

const KEY = 'sealtrace.inspections'
const WAITING_MAX = 500

function read(): Inspection[] {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? '[]') as unknown
    return Array.isArray(kept) ? (kept as Inspection[]) : []
  } catch {
    return []
  }
}

export const waiting = reactive<{ rows: Inspection[]; refused: Refused[]; sending: boolean }>({ rows: read(), refused: [], sending: false })

function keep(): void {
  localStorage.setItem(KEY, JSON.stringify(waiting.rows))
}

/** The name under which the cloud records an inspection once, however often it is sent. */
function named(inspection: Inspection): Inspection {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return { ...inspection, id: Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('') }
}

/** No answer at all, or an answer that says "later": the record must not be lost. */
function later(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 0 || error.status === 401 || error.status === 429 || error.status >= 500)
}

/** The cloud's answer, or null when the inspection now waits on this phone. */
export async function file(unnamed: Inspection): Promise<Answer | null> {
  const inspection = named(unnamed)
  try {
    return await api.post<Answer>('/inspections', inspection)
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 0 || waiting.rows.length >= WAITING_MAX) throw error
    waiting.rows.push(inspection)
    keep()
    return null
  }
}

export async function fileWaiting(): Promise<void> {
  if (waiting.sending) return
  waiting.sending = true
  try {
    for (let first = waiting.rows[0]; first; first = waiting.rows[0]) {
      try {
        await api.post<Answer>('/inspections', first)
      } catch (error) {
        if (later(error) || !(error instanceof ApiError)) return
        waiting.refused.push({ text: first.text, reason: error })
      }
      waiting.rows.shift()
      keep()
    }
  } finally {
    waiting.sending = false
  }
}
