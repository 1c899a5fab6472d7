// The agent's local JSON contract, as docs/API.md states it.

export type Level = 'unit' | 'box' | 'case' | 'pallet'
export type Tone = 'ready' | 'accepted' | 'warning' | 'refused' | 'critical'
export type ScreenName = 'home' | 'pack' | 'relabel' | 'unpack' | 'verify' | 'ship' | 'receive' | 'lookup'
export type Source = 'wedge' | 'typed' | 'camera' | 'broadcast'
export type Command = 'confirm' | 'close' | 'undo' | 'back' | 'acknowledge'

export interface Named {
  id: number
  name: string
}

/** A code with parameters; the words are ours. */
export interface Message {
  code: string
  params?: Record<string, unknown>
}

export interface Session {
  operator: { id: number; login: string; name: string; role: string }
  site: Named
  sites: Named[]
}

export interface Status {
  device: Named | null
  site: Named | null
  enrolled: boolean
  online: boolean
  unsent_operations: number
  unsent_batches: number
  /** Receipted, and no verdict yet. */
  unjudged_operations: number
  drafts: number
  last_receipt_at: number | null
  last_feed_at: number | null
  clock_offset_ms: number | null
  storage: { free_bytes: number; total_bytes: number }
  certificate_expires_at: number | null
  /** The cloud saw a fork: a supervisor must act. */
  frozen: boolean
  /** The stream is lost: nothing is confirmed before the cloud was reached. */
  lost: boolean
  version: string
}

export interface Task {
  id: number
  order: { id: number; number: string }
  product: { id: number; name: string; gtin?: string }
  lot: string
  /** Production date, `YYYY-MM-DD`. */
  date: string | null
  shift: string | null
  plan: { level: Level; holds: number }[]
  kind: string
  quantity: number
  /** Units: what the cloud has counted, and what this device made since. */
  made: number
  state: 'open' | 'in_work' | 'done' | 'void'
}

export type DocumentKind = 'inbound' | 'outbound' | 'return' | 'transfer' | 'count'

export interface Document {
  id: number
  number: string
  kind: DocumentKind
  /** The dealer or site at the other end. */
  other: Named | null
  lines: DocumentLine[]
  state: 'approved' | 'in_work' | 'done'
}

export interface DocumentLine {
  product: Named
  /** What this device is to move: its share, where the document is shared out. */
  units: number
  /** What of that has moved. */
  moved: number
  /** What is on the open load. */
  loaded: number
  /** What the document asks for as a whole. */
  asked: number
}

export interface Item {
  code: string
  /** Null for a code this device does not know. */
  level: Level | null
  state: string
  replaced_by?: string | null
  product?: Named | null
  lot?: string | null
  parent?: { code: string; level?: Level } | string | null
  children: number | unknown[]
  contents: { product: Named; lot: string; units: number }[]
  custody?: Custody | null
  disputed: boolean
  fresh_at: number | null
  known: boolean
}

export interface Custody {
  kind: 'at' | 'sent' | 'shipped' | 'lost' | 'gone'
  site?: Named
  from?: Named
  dealer?: Named
  document?: { id: number; number: string }
  how?: 'sampled' | 'destroyed'
}

export interface View {
  screen: ScreenName
  task?: Task | null
  document?: Document | null
  parent?: { code: string; level?: Level } | null
  count: number
  of?: number | null
  prompt: Message
  last: { code: string; at: number; tone: Tone }[]
  blocked: boolean
  can: { confirm: boolean; close: boolean; undo: boolean; back: boolean }
  item?: Item | null
  difference?: { missing: string[]; foreign: string[] } | null
}

export interface Reply {
  tone: Tone
  message: Message
  provisional: boolean
  view: View
  decoded?: { text: string; symbology: string }[]
}

/** `{"already_packed":{"code":…}}`, or the bare word where a rejection carries nothing. */
export type Rejection = string | Record<string, Record<string, unknown> | null>

export interface Exception {
  id: number | string
  at: number
  kind: 'verdict' | 'set_aside' | 'critical'
  code?: string | null
  rejection?: Rejection | null
  lane?: string | null
  detail?: unknown
}

export interface Lane {
  name: string
  task?: Task | null
  /** Why it takes no cases. */
  waits: 'no_task' | 'tasks_done' | null
  open_units: number
  of: number
  pallet: { code: string | null; cases: number; of: number } | null
  accepted_cases: number
  rejected_cases: number
  no_reads: number
  rate_per_min: number
  reader: 'connected' | 'lost'
  last: { case?: string | null; at: number; accepted: boolean; reason?: string | Rejection | null }[]
}
