// The shift a person works in: proposed from the clock at each login, put into the tasks they open themselves.
import { ref } from 'vue'

export const SHIFTS = ['early', 'late', 'night'] as const
export type Shift = (typeof SHIFTS)[number]

const STORE_KEY = 'sealtrace.shift'
const EARLY_FROM_H = 6
const LATE_FROM_H = 14
const NIGHT_FROM_H = 22

export const shift = ref<Shift>(load())

function load(): Shift {
  try {
    const saved = window.sessionStorage.getItem(STORE_KEY)
    return SHIFTS.find((name) => name === saved) ?? byClock()
  } catch (off) {
    return byClock()
  }
}

function byClock(): Shift {
  const hour = new Date().getHours()
  if (hour >= NIGHT_FROM_H || hour < EARLY_FROM_H) return 'night'
  return hour < LATE_FROM_H ? 'early' : 'late'
}

export function chooseShift(name: Shift): void {
  shift.value = name
  try {
    window.sessionStorage.setItem(STORE_KEY, name)
  } catch (off) {
    // Without storage the choice lasts until the page is closed.
  }
}

/** Somebody signs in: their shift is the one that is on now, until they say otherwise. */
export function proposeShift(): void {
  chooseShift(byClock())
}
