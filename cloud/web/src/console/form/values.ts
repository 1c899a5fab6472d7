// What a form holds, as pure code: from a row, to a body, and two people's changes put together.
import type { Field, Reference, Values } from './field'

interface Step { level: string; holds: number | null; parts: { product: Reference | null; units: number | null }[] }

/** What a form holds is plain data, watched or not. */
export const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T

function blankOf(field: Field): unknown {
  switch (field.kind) {
    case 'flag': return field.default ?? false
    case 'many':
    case 'regions':
    case 'rows':
    case 'plan': return []
    case 'text':
    case 'gtin':
    case 'lot':
    case 'login':
    case 'secret':
    case 'codes': return ''
    case 'number':
    case 'choice':
    case 'date':
    case 'moment':
    case 'one': return null
  }
}

/** An empty form. */
export function blank(fields: readonly Field[]): Values {
  return Object.fromEntries(fields.map((field) => [field.name, blankOf(field)]))
}

function readOf(field: Field, value: unknown): unknown {
  if (field.kind === 'secret' || value === null || value === undefined) return blankOf(field)
  if (field.kind === 'rows') return (value as Values[]).map((row) => read(field.fields ?? [], row))
  if (field.kind === 'regions') return (value as unknown[]).map((one) => (typeof one === 'string' ? one : (one as { code: string }).code))
  if (field.kind === 'plan') return (value as Partial<Step>[]).map((step) => ({ level: step.level, holds: step.holds, parts: copy(step.parts ?? []) }))
  return copy(value)
}

/** A form filled with what a row says; secrets never come out. */
export function read(fields: readonly Field[], row: Values): Values {
  return Object.fromEntries(fields.map((field) => [field.name, readOf(field, row[field.name])]))
}

const idOf = (value: unknown): unknown => (typeof value === 'object' && value !== null && 'id' in value ? value.id : value)
const orNull = (text: string): string | null => (text.trim() === '' ? null : text.trim())

function bodyOf(field: Field, value: unknown): unknown {
  switch (field.kind) {
    case 'one': return idOf(value)
    case 'many': return (value as unknown[]).map(idOf)
    case 'rows': return (value as Values[]).map((row) => body(field.fields ?? [], row))
    case 'plan': return (value as Step[]).map((step) => ({ ...step, parts: step.parts.map(({ product, units }) => ({ product: idOf(product), units })) }))
    case 'codes': return String(value).split(/\s+/).filter(Boolean)
    case 'secret': return value === '' ? null : value
    case 'text':
    case 'gtin':
    case 'lot':
    case 'login': return orNull(String(value ?? ''))
    case 'number':
    case 'choice':
    case 'flag':
    case 'date':
    case 'moment':
    case 'regions': return value ?? null
  }
}

/** What is sent: references by their id; what was left empty is left out. */
export function body(fields: readonly Field[], values: Values): Values {
  return Object.fromEntries(fields.map((field) => [field.name, bodyOf(field, values[field.name])]).filter(([, value]) => value !== null))
}

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other)

/** The names of the fields in which two forms differ. */
export function differing(fields: readonly Field[], one: Values, other: Values): string[] {
  return fields.filter(({ name }) => !same(one[name], other[name])).map(({ name }) => name)
}

/** Somebody else saved meanwhile: theirs, except where `mine` was changed. `both` names the fields changed by both, differently. */
export function merge(fields: readonly Field[], base: Values, mine: Values, theirs: Values): { values: Values; both: string[] } {
  const ours = new Set(differing(fields, base, mine))
  const both = differing(fields, base, theirs).filter((name) => ours.has(name) && !same(mine[name], theirs[name]))
  return { values: Object.fromEntries(fields.map(({ name }) => [name, ours.has(name) ? mine[name] : theirs[name]])), both }
}
