// One act at a time: while it runs its buttons rest, afterwards it is told and the page read anew.
import { ref } from 'vue'
import { tell, warn } from './ask'
import { useWords } from './words'

export function useDoing(then: () => unknown) {
  const { errorText } = useWords()
  const doing = ref(false)

  /** Runs `work`; true when it was done. */
  async function run(work: () => Promise<unknown>, done: string): Promise<boolean> {
    if (doing.value) return false
    doing.value = true
    try {
      await work()
      tell(done)
      return true
    } catch (error) {
      warn(errorText(error))
      return false
    } finally {
      doing.value = false
      await then()
    }
  }
  return { doing, run }
}
