// The agent's local JSON contract, as docs/API.md states it.

export type Level = 'unit' | 'box' | 'case' | 'pallet'
export type Tone = 'ready' | 'accepted' | 'warning' | 'refused' | 'critical'
export type ScreenName =
  | 'home'
  | 'commission'
  | 'pack'
  | 'add_to'
  | 'regroup'
  | 'relabel'
  | 'unpack'
  | 'verify'
  | 'receive'
  | 'ship'
  | 'return'
  | 'transfer'
  | 'count'
  | 'sample'
  | 'destroy'
  | 'lookup'
  | 'resolve'
export type Source = 'wedge' | 'typed' | 'camera' | 'broadcast'
export type Command = 'confirm' | 'close' | 'mix' | 'switch' | 'undo' | 'back' | 'acknowledge'

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
  /** Nobody may see or do anything until the PIN was given again. */
  locked: boolean
  /** Without a person's doing for this long it locks by itself; 0: never. */
  lock_after_ms: number
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
  /** What it is worked on with at this site; null when it is not. */
  screen: ScreenName | null
  /** In lists: scans under it that are not confirmed. */
  scans?: number
}

/** A document by its number, and whom its goods are for. */
export interface Offer {
  id: number
  number: string
  dealer: Named | null
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
  /** Who brings goods back without a document. */
  dealer?: Named
  /** Goods that come back were opened. */
  opened?: boolean
  /** Why goods end. */
  reason?: string
  /** A count: what was confirmed as seen so far. */
  seen?: number
  /** Scans of the open work that are not confirmed. */
  scans: number
  /** Scans under other documents that are not confirmed. */
  waiting: { document: { id: number; number: string } | null; scans: number }[]
  /** The command that waits for somebody to approve it. */
  asks?: Command | null
  /** The document that the last scan fits. */
  offer?: Offer | null
  mixed_lots?: boolean
  parent?: { code: string; level?: Level } | null
  count: number
  of?: number | null
  prompt: Message
  last: { code: string; at: number; tone: Tone }[]
  blocked: boolean
  can: { confirm: boolean; close: boolean; undo: boolean; back: boolean }
  item?: Item | null
  difference?: Difference | null
}

/** At most a hundred codes of each side are named. */
export interface Difference {
  missing: string[]
  missing_count?: number
  foreign: string[]
  foreign_count?: number
}

export interface Reply {
  tone: Tone
  message: Message
  provisional: boolean
  offer?: Offer | null
  view: View
  decoded?: { text: string; symbology: string }[]
}

/** `{"already_packed":{"code":…}}`, or the bare word where a rejection carries nothing. */
export type Rejection = string | Record<string, Record<string, unknown> | null>

export interface Exception {
  id: number
  at: number
  kind: 'verdict' | 'set_aside' | 'critical'
  code?: string | null
  rejection?: Rejection | null
  lane?: string | null
  /** A message code. */
  detail?: string | null
  /** How it can be resolved, most likely first. */
  resolutions: { name: string }[]
  resolved: { at: number; by: Named | null; how: string } | null
}

export interface LogRow {
  id: string | number
  at: number
  level: 'error' | 'warn' | 'info' | 'debug' | 'trace'
  message: string
  fields: Record<string, unknown>
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
