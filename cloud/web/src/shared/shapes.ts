// What the cloud answers, as written in docs/API.md.

export type Level = 'unit' | 'box' | 'case' | 'pallet'
export interface Named { id: number; name: string }
export interface Numbered { id: number; number: string }
export interface Product extends Named { gtin?: string }
export interface Region { code: string; name: string; en: string }
export interface Place extends Region { lon: number; lat: number }
export interface List<T> { rows: T[]; total?: number }
export interface Account { id: number; login: string; name: string; role: 'admin' | 'manager' | 'auditor' | 'inspector' }

export interface Counts { units: number; boxes: number; cases: number; pallets: number }
export interface PlanLevel { level: Level; holds: number; parts?: readonly { units: number }[] }
export interface Task {
  id: number
  site: Named
  kind: 'line' | 'device'
  device: Named | null
  quantity: number
  made: number
  lot: string
  date: string | null
  shift: string | null
  state: 'open' | 'in_work' | 'done' | 'void'
}
/** An order as lists have it. */
export interface OrderRow {
  id: number
  version: number
  number: string
  product: Product
  lot: string
  quantity: number
  revision: number
  plan: PlanLevel[]
  state: 'draft' | 'released' | 'done' | 'void'
  made: number
  codes: Counts
  tasks: Task[]
  created_at: number
}
export interface Order extends OrderRow { produced: Counts }

/** What labels have become. */
export interface LabelCounts { applied: number; scrapped: number; sampled: number; returned: number; void: number; unaccounted: number }
export interface LabelSums extends LabelCounts { issued: number; from_others: number }
export interface Roll extends LabelCounts {
  id: number
  order: Numbered
  product: Named
  level: Level
  issued_at: number
  void_from: number
  issued: number
  scanned: number
}
export interface Rolls extends List<Roll> { sums: LabelSums }
export interface WholeRoll extends Roll {
  used_by: { order: Numbered; applied: number }[]
  strips: { first: string; last: string; count: number; fate: 'scrapped' | 'returned' | 'void'; at: number }[]
  scans: { code: string; first_at: number; last_at: number; scans: number }[]
}

export type DocumentKind = 'inbound' | 'outbound' | 'return' | 'transfer' | 'count'
/** What can be done to a document; the cloud says which of it the reader may do now. */
export type DocumentAction = 'edit' | 'submit' | 'approve' | 'reject' | 'withdraw' | 'void' | 'close' | 'share' | 'reassign'
export interface DocumentLine { product: Named; unit: Level; quantity: number; revision: number; units: number }
export interface Demand { product: Named; units: number; moved: number }
export interface Share { device: Named; product: Named; units: number; moved: number }
export interface Document {
  id: number
  version: number
  number: string
  kind: DocumentKind
  state: 'draft' | 'submitted' | 'approved' | 'in_work' | 'done' | 'void'
  site: Named
  other: Named | null
  dealer: Named | null
  order: Numbered | null
  note: string | null
  lines: DocumentLine[]
  demand: Demand[]
  shares: Share[]
  created_at: number
  history: { at: number; account: Named | null; action: string }[]
  actions: DocumentAction[]
}

export interface Reassignment {
  id: number
  document: Numbered
  to: Numbered
  codes: string[]
  reason: string
  state: 'requested' | 'approved' | 'rejected'
  requested_at: number
  requested_by: Named
  decided_at: number | null
  decided_by: Named | null
}

/** What somebody changed at the console. */
export interface Change {
  id: number
  at: number
  account: Named | null
  resource: string
  subject: number
  label: string
  action: string
  before: Record<string, unknown> | null
  after: Record<string, unknown> | null
}

export type Tagged = string | Record<string, unknown>
/** Where an operation was first written down. */
export interface OperationId { device: number; epoch: number; seq: number }
export type Verdict =
  | { applied: { notices: Tagged[] } }
  | { duplicate: { of: OperationId } }
  | { quarantined: { rejection: Tagged } }
  | 'frozen'

export type Custody =
  | { kind: 'at'; site: Named }
  | { kind: 'sent'; from: Named; to: Named; document: Numbered; at: number }
  | { kind: 'shipped'; from: Named; dealer: Named; document: Numbered; at: number }
  | { kind: 'lost'; site: Named; at: number }
  | { kind: 'gone'; site: Named; how: 'sampled' | 'destroyed'; at: number }

export interface LifeStep {
  version: number
  at: number
  uncertainty_ms: number
  kind: string
  operator: Named | null
  site: Named | null
  device: Named
  epoch: number
  seq: number
  batch: number
  verdict: Verdict | null
  state: Tagged
  parent: string | null
  custody: Custody | null
}

export interface Sighting {
  id: number
  at: number
  kind: 'consumer' | 'inspector' | 'return'
  region: Region | null
  accuracy_m: number | null
  /** The dealer that brought it back. */
  brought_by?: Named | null
  outside: boolean
  finding?: string | null
  note?: string | null
}

export interface Content { product: Product; lot: string; units: number }

export interface Trace {
  code: string
  printed: string
  level: Level
  state: Tagged
  product: Product | null
  lot: string | null
  disputed: boolean
  custody: Custody | null
  ancestors: { code: string; level: Level }[]
  children: { code: string; level: Level; state: Tagged }[]
  contents: Content[]
  life: LifeStep[]
  sightings: Sighting[]
  order: Numbered | null
}

export interface BatchRecord { seq: number; kind: string; at: number; codes: string[]; verdict: Verdict | null }
export interface Batch {
  device: Named
  epoch: number
  batch: number
  first: number
  last: number
  count: number
  hash: string
  previous: string | null
  payload_hash: string | null
  signature: string
  signing_key: string
  verified: boolean
  received_at: number
  bytes: number
  software: string | null
  receipt: { hash: string; stored_at: number } | null
  records: BatchRecord[]
}

export interface Suspect {
  code: string
  level: Level
  product: Product
  lot: string | null
  dealer: Named
  document: Numbered
  shipped_at: number
  territory: Region[]
  sightings: Sighting[]
  outside: number
  last_at: number
}

export interface Device {
  id: number
  name: string
  sites: Named[]
  state: 'active' | 'frozen' | 'revoked'
  epoch: number
  enrolled_at: number
  last_seen_at: number | null
  last_batch: number
  operations: number
  software: string | null
  certificate_expires_at: number | null
}

export interface Verification {
  verdict: 'genuine' | 'pending' | 'void' | 'unknown'
  nth: number
  first?: { at: number; region?: Region | null } | null
  product?: { name: string; gtin?: string } | null
  lot?: string | null
  code?: string | null
}
