// When the rows of a list are shown as a tree.
import { computed } from 'vue'
import type { Row } from '../form/field'
import type { Listed } from '../layout/load'
import type { Definition } from './resource'
import { forest } from './forest'

/** A tree is shown when all rows are at hand and nothing is asked for in particular. */
export function useTree(definition: Definition, plain: () => boolean, list: Listed<Row>) {
  const upper = definition.tree
  const shown = computed(() => upper !== null && plain() && list.rows.value.length > 0 && list.rows.value.length === list.total.value)
  return { shown, rows: computed(() => (upper !== null && shown.value ? forest(list.rows.value, upper) : [])) }
}
