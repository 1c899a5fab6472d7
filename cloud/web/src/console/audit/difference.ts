// What a change at the console changed: the fields that are not the same before and after, in the order they came in.

export interface Difference { field: string; before: unknown; after: unknown }

type Fields = Record<string, unknown> | null
/** Counted by the cloud, said by nobody. */
const SILENT = new Set(['id', 'version', 'created_at'])

export function differences(before: Fields, after: Fields): Difference[] {
  const names = new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])
  return [...names]
    .filter((name) => !SILENT.has(name) && JSON.stringify(before?.[name] ?? null) !== JSON.stringify(after?.[name] ?? null))
    .map((field) => ({ field, before: before?.[field], after: after?.[field] }))
}
