// What the cloud answers, as written in docs/API.md.

export type Level = 'unit' | 'box' | 'case' | 'pallet'
export interface Named { id: number; name: string }
export interface Numbered { id: number; number: string }
export interface Product extends Named { gtin?: string }
export interface Region { code: string; name: string; en: string }
export interface Place extends Region { lon: number; lat: number }
export interface List<T> { rows: T[]; total?: number }
export interface Account { id: number; login: string; name: string; role: 'admin' | 'auditor' | 'inspector' }

export interface Counts { units: number; boxes: number; cases: number; pallets: number }
export interface PlanLevel { level: Level; holds: number }
export interface Task { id: number; site: Named; kind: 'line' | 'device'; quantity: number; state: string; units: number }
export interface Order {
  id: number
  number: string
  product: Product
  lot: string
  quantity: number
  plan: PlanLevel[]
  state: string
  produced: Counts
  codes: Counts
  tasks: Task[]
  created_at: number
}

export interface ShipmentDocument {
  id: number
  number: string
  kind: string
  state: string
  site: Named
  dealer: Named
  lines: { product: Product; units: number; moved: number }[]
  created_at: number
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
  | { kind: 'shipped'; from: Named; dealer: Named; document: Numbered; at: number }

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
  kind: 'consumer' | 'inspector'
  region: Region | null
  accuracy_m: number | null
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
  verdict: 'genuine' | 'pending' | 'unknown'
  nth: number
  first?: { at: number; region?: Region | null } | null
  product?: { name: string; gtin?: string } | null
  lot?: string | null
  code?: string | null
}
