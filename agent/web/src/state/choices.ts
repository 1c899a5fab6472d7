// What `ST*1*` … `ST*9*` choose: the first nine rows of the list on screen, in its order. The list shows the numbers.
import { onUnmounted } from 'vue'

export const NUMBERED_MAX = 9

type Choices = () => (() => void)[]
let current: Choices | null = null

/** For the screen that shows the list, as long as it is shown. */
export function useChoices(choices: Choices): void {
  current = choices
  onUnmounted(() => {
    if (current === choices) current = null
  })
}

/** Chooses the nth row; false when there is none. */
export function choose(nth: number): boolean {
  const chosen = current?.()[nth - 1]
  if (chosen === undefined || nth > NUMBERED_MAX) return false
  chosen()
  return true
}
