// The forms of an order: the order itself, its codes, its release as tasks.
import type { Field } from '../form/field'
import type { Level, Order, PlanLevel } from '@shared/shapes'
import { mixes } from './plan'

const NUMBER: Field = { name: 'number', kind: 'text', required: true, max: 40 }
const PRODUCT: Field = { name: 'product', kind: 'one', of: 'products', required: true }
const LOT: Field = { name: 'lot', kind: 'lot', required: true }
const QUANTITY: Field = { name: 'quantity', kind: 'number', required: true }
/** The revision of the product's packaging plan. */
const REVISION: Field = { name: 'revision', kind: 'number' }

export const NEW_ORDER: readonly Field[] = [NUMBER, PRODUCT, LOT, QUANTITY]

/** All of a draft; of a released order its quantity, and the plan while nobody works by it. */
export function orderFields(order: Order): readonly Field[] {
  if (order.state === 'draft') return NEW_ORDER
  return [{ ...NUMBER, fixed: true }, { ...PRODUCT, fixed: true }, { ...LOT, fixed: true }, QUANTITY, REVISION]
}

/** In the API, codes are counted by these names. */
export const COUNTED: Record<Level, 'units' | 'boxes' | 'cases' | 'pallets'> = { unit: 'units', box: 'boxes', case: 'cases', pallet: 'pallets' }

/** One count for each level that gets codes of its own. */
export function codeFields(plan: readonly PlanLevel[]): readonly Field[] {
  return ([...(mixes(plan) ? [] : ['unit']), ...plan.map(({ level }) => level)] as Level[]).map((level) => ({ name: COUNTED[level], kind: 'number' }))
}

export const RELEASE: readonly Field[] = [
  {
    name: 'tasks', kind: 'rows', required: true,
    fields: [
      { name: 'site', kind: 'one', of: 'sites', required: true },
      { name: 'kind', kind: 'choice', options: ['line', 'device'], group: 'taskKind', required: true },
      { name: 'device', kind: 'one', of: 'devices' },
      { name: 'quantity', kind: 'number', required: true },
      { name: 'lot', kind: 'lot' },
      { name: 'date', kind: 'date' },
      { name: 'shift', kind: 'text', max: 40 },
    ],
  },
]
