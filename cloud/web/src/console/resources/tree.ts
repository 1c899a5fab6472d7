// Rows below the rows they belong to. A page of the list is a forest: what lies above but is not on the page is not shown.
import { computed } from 'vue'
import type { Reference, Row } from '../form/field'
import type { Listed } from '../layout/load'
import type { Definition } from './resource'

export interface Branch extends Row { children?: Branch[] }

/** The rows with their children, each in the order given. A row whose upper row is missing stands at the top. */
export function forest(rows: readonly Row[], upper: string): Branch[] {
  const all = new Map<number, Branch>(rows.map((row) => [row.id, { ...row }]))
  const tops: Branch[] = []
  for (const branch of all.values()) {
    const above = all.get((branch[upper] as Reference | null)?.id ?? 0)
    if (above && above !== branch) (above.children ??= []).push(branch)
    else tops.push(branch)
  }
  return tops
}

/** A tree is shown when all rows are at hand and nothing is asked for in particular. */
export function useTree(definition: Definition, plain: () => boolean, list: Listed<Row>) {
  const upper = definition.tree
  const shown = computed(() => upper !== null && plain() && list.rows.value.length > 0 && list.rows.value.length === list.total.value)
  return { shown, rows: computed(() => (upper !== null && shown.value ? forest(list.rows.value, upper) : [])) }
}
