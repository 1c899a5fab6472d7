// What `ST*1*` … `ST*9*` and the number keys choose: the first nine rows of the list on screen, in its order; and what
// `ST*NEXT*` goes on to. The list shows the numbers; of several lists the one that opened last is meant.
import { onUnmounted } from 'vue'

export const NUMBERED_MAX = 9

interface Choices {
  rows: () => (() => void)[]
  next?: () => void
}
const open: Choices[] = []

/** For what shows the list, as long as it is shown. */
export function useChoices(rows: Choices['rows'], next?: () => void): void {
  const own: Choices = next === undefined ? { rows } : { rows, next }
  open.push(own)
  onUnmounted(() => open.splice(open.indexOf(own), 1))
}

/** Chooses the nth row; false when there is none. */
export function choose(nth: number): boolean {
  const chosen = open[open.length - 1]?.rows()[nth - 1]
  if (chosen === undefined || nth > NUMBERED_MAX) return false
  chosen()
  return true
}

/** Goes on to what comes after the list; false when nothing does. */
export function chooseNext(): boolean {
  const next = open[open.length - 1]?.next
  if (next === undefined) return false
  next()
  return true
}
