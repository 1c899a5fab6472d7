// The agent's local JSON contract, as docs/API.md states it.

export type Level = 'unit' | 'box' | 'case' | 'pallet'
export type Tone = 'ready' | 'accepted' | 'warning' | 'refused' | 'critical'
/** What a person opens from home. */
export type EntryName =
  | 'commission'
  | 'pack'
  | 'add_to'
  | 'regroup'
  | 'relabel'
  | 'unpack'
  | 'rework'
  | 'verify'
  | 'receive'
  | 'ship'
  | 'return'
  | 'transfer'
  | 'count'
  | 'sample'
  | 'destroy'
  | 'write_off'
  | 'lookup'
export type ScreenName = 'home' | 'resolve' | EntryName
export type Source = 'wedge' | 'typed' | 'camera' | 'broadcast'
/** A screen's name opens it, after choosing what it needs; a digit chooses; `next` shows the next ones to choose from. */
export type Command = 'confirm' | 'close' | 'mix' | 'switch' | 'undo' | 'back' | 'acknowledge' | 'next' | 'account' | 'exceptions' | 'log' | 'print' | 'sync' | 'task' | '0' | '1' | '2' | '3' | '4' | '5' | '6' | '7' | '8' | '9' | ScreenName
export type RoleName = 'operator' | 'supervisor' | 'manager' | 'auditor'
/** Why goods are sampled, destroyed or relabelled; what became of labels; why nothing else is done about an exception. */
export type Reason =
  | 'inspection'
  | 'retained'
  | 'marketing'
  | 'broken'
  | 'expired'
  | 'rejected'
  | 'recalled'
  | 'scrapped'
  | 'returned'
  | 'damaged'
  | 'unreadable'
  | 'missing'
  | 'other'
  | 'misread'
  | 'set_apart'
  | 'by_hand'
  | 'no_fault'

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
  operator: { id: number; login: string; name: string; role: RoleName }
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

export interface Step {
  level: Level
  holds: number
}

export interface Product extends Named {
  gtin?: string | null
}

/** What may be made at the session's site. */
export interface MakeableProduct extends Product {
  plan: Step[]
}

/** A task that nobody released. */
export interface OwnTask {
  product: number
  lot: string
  date?: string
  shift?: string
  /** 0: as many as there are. */
  quantity: number
}

export interface Task {
  id: number
  order: { id: number; number: string }
  product: Product
  lot: string
  /** Production date, `YYYY-MM-DD`. */
  date: string | null
  shift: string | null
  plan: Step[]
  kind: string
  /** Units; 0: as many as there are. */
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
  /** What it is worked on with at this site; none for what only passes through here. */
  screen: EntryName | null
  /** The dealer or site at the other end. */
  other: Named | null
  lines: DocumentLine[]
  state: 'approved' | 'in_work' | 'done'
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
  /** The last operation that named it. */
  last_done: { kind: string; at: number } | null
  /** When the cloud last spoke of it. */
  fresh_at: number | null
  /** When the cloud last spoke at all: later than that it may have done things this device cannot know. */
  heard_at: number | null
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

/** A screen, and what it is opened for. */
export interface Opened {
  screen: ScreenName
  task?: number
  document?: number
  /** Who brings goods back without a document. */
  dealer?: number
  /** Goods that come back were opened. */
  opened?: boolean
  /** Why goods end. */
  reason?: Reason | undefined
  /** What is resolved, and how. */
  exception?: number
  resolution?: string
}

export interface Difference {
  /** The first hundred of each; the counts are of all. */
  missing: string[]
  missing_count: number
  foreign: string[]
  foreign_count: number
}

export type ChoiceEntry = { number: number } & (
  | { what: 'task'; value: Task }
  | { what: 'document'; value: Document }
  | { what: 'dealer'; value: Named }
  | { what: 'opened'; value: boolean }
  | { what: 'reason'; value: Reason }
  | { what: 'exception'; value: Exception }
  | { what: 'resolution'; value: string }
)

/** What must be chosen before a screen opens: at most nine at a time. */
export interface Choice {
  what: ChoiceEntry['what']
  entries: { number: number; value: unknown }[]
  /** `0` goes on without one. */
  none: boolean
  /** `next` shows others. */
  more: boolean
}

export interface View {
  screen: ScreenName
  choice?: Choice | null
  exception?: Exception
  resolution?: string
  task?: Task | null
  document?: Document | null
  dealer?: Named | null
  opened?: boolean
  reason?: Reason | undefined
  /** What a count has seen so far. */
  seen?: number
  /** Scans of the open work that are not confirmed. */
  scans: number
  /** Scans under other documents that wait there. */
  waiting: { document: { id: number; number: string } | null; scans: number }[]
  /** The command that waits for a supervisor's approval. */
  asks: Command | null
  offer: Offer | null
  mixed_lots: boolean
  parent?: { code: string; level?: Level | null } | null
  count: number
  of?: number | null
  prompt: Message
  last: { code: string; at: number; tone: Tone }[]
  blocked: boolean
  can: { confirm: boolean; close: boolean; mix: boolean; undo: boolean; back: boolean }
  item?: Item | null
  difference?: Difference | null
  /** Of the newest answer; grows with every one, whoever asked for it. */
  revision: number
}

export interface Reply {
  tone: Tone
  message: Message
  provisional: boolean
  offer?: Offer | null
  /** Its own; 0: nothing was done. */
  revision: number
  view: View
  /** The label of a package that has just filled up, or why there is none. */
  label?: QueuedLabel | { problem: Message } | null
  decoded?: Decoded[]
}

/** A code in a picture. */
export interface Decoded {
  text: string
  symbology: 'qr' | 'datamatrix' | 'code128'
  identifier: string
  /** What a scanner would send. */
  scan: string
  /** Its upper left corner, in thousandths across and down. */
  place: [number, number]
}

/** `{"already_packed":{"code":…}}`, or the bare word where a rejection carries nothing. */
export type Rejection = string | Record<string, Record<string, unknown> | null>

export interface Exception {
  id: number
  at: number
  kind: 'verdict' | 'notice' | 'refused' | 'set_aside' | 'critical'
  code: string | null
  rejection: Rejection | null
  /** A message code. */
  detail: string | null
  /** How often the same code was refused for the same reason. */
  times: number
  lane: string | null
  screen: ScreenName | null
  /** The one that did not count, or that somebody must confirm. */
  operation: { epoch: number; seq: number; kind: string; at: number; codes: number } | null
  /** How it can be resolved, the likeliest first. */
  resolutions: { name: string; scans: number }[]
  resolved: { at: number; by: Named | null; how: string; reason: string | null } | null
}

/** A line of the device's own log. */
export interface LogRow {
  id: number | string
  /** Null for a line that the agent did not write. */
  at: number | null
  level: 'error' | 'warn' | 'info' | 'debug' | 'trace' | null
  message: string
  fields: Record<string, unknown>
}

/** What a person asks of a lane. */
export type LaneCommand = 'go_on' | 'finish'

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
  finishing: boolean
  stop: 'reader_lost' | 'reject_unconfirmed' | null
  /** How it found its place again after the last gap. */
  resync: { at: number; gap: string; label?: string; places: number } | null
  /** Of this lane, not resolved. */
  exceptions: number
  last: { case?: string | null; at: number; accepted: boolean; reason?: string | Rejection | null }[]
}

/** A label of a printer: its template, and what it is for. */
export interface LabelTemplate {
  name: string
  summary: string
  levels: Level[]
}

export interface Printer {
  name: string
  profile: string
  /** The usual one of each level first. */
  labels: LabelTemplate[]
  /** Levels it labels by itself as they fill up. */
  automatic: Level[]
  standing: { job: number | null; problem: Message | null; since: number | null }
}

/** SSCCs this device may still give out; low: nothing more came although half were used. */
export interface LabelStock {
  level: Level
  left: number
  low: boolean
}

export interface Printing {
  rows: Printer[]
  labels: LabelStock[]
}

/** A label that is asked for. */
export interface WantedLabel {
  /** replacing: a fresh code for a damaged label; again: the same label; test: a label of no code. */
  what: 'fresh' | 'replacing' | 'again' | 'test'
  level?: Level | undefined
  task?: number | undefined
  /** Units inside; none = a whole package. */
  count?: number | undefined
  /** The label as scanned or typed. */
  text?: string | undefined
  why?: string | undefined
  printer?: string | undefined
  template?: string | undefined
  copies?: number | undefined
}

export interface QueuedLabel {
  job: number
  code: string | null
  printer: string
}

export interface PrintJob {
  id: number
  at: number
  operator: Named | null
  printer: string
  template: string
  code: string | null
  copies: number
  state: 'queued' | 'sending' | 'printed' | 'failed' | 'uncertain' | 'cancelled'
  attempts: number
  problem: Message | null
  of_job: number | null
  why: string | null
  /** What happened to it; in the answer for one job. */
  events?: { at: number; event: string; operator: Named | null; detail: string | null }[]
}

export type PrintDecision = 'printed' | 'again' | 'cancel'
