// What `ST*1*` … `ST*9*` and the number keys choose: the first nine rows of the list on screen, in its order. The list shows
// the numbers; of several lists the one that opened last is meant.
import { onUnmounted } from 'vue'

export const NUMBERED_MAX = 9

type Choices = () => (() => void)[]
const open: Choices[] = []

/** For what shows the list, as long as it is shown. */
export function useChoices(choices: Choices): void {
  open.push(choices)
  onUnmounted(() => open.splice(open.indexOf(choices), 1))
}

/** Chooses the nth row; false when there is none. */
export function choose(nth: number): boolean {
  const chosen = open[open.length - 1]?.()[nth - 1]
  if (chosen === undefined || nth > NUMBERED_MAX) return false
  chosen()
  return true
}
