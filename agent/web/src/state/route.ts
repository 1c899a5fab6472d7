// Which page is shown, from the address: `#/` is the station, whose screen the agent's View decides; `#/task/pack` is the
// form of a task of one's own for a screen.
import { ref } from 'vue'
import type { EntryName, ScreenName } from '../api/types'

export type Page = 'station' | 'task' | 'account' | 'exceptions' | 'print' | 'sync' | 'log' | 'test' | 'line'
const PAGES: Page[] = ['task', 'account', 'exceptions', 'print', 'sync', 'log', 'test', 'line']

/** Pages of the device itself, which command barcodes show. */
const PLACES: Page[] = ['task', 'account', 'exceptions', 'sync', 'log', 'print']

export function isPlace(name: unknown): name is Page {
  return PLACES.some((place) => place === name)
}

/** Screens that make goods, under a task. */
const MADE: EntryName[] = ['pack', 'commission', 'add_to', 'regroup']

export function isMade(screen: ScreenName): screen is EntryName {
  return MADE.some((entry) => entry === screen)
}

interface Place {
  page: Page
  /** What `task` is for; anything else has none. */
  entry: EntryName | null
}

function read(): Place {
  const [name, screen] = window.location.hash.replace(/^#\/?/, '').split('/')
  const page = PAGES.find((page) => page === name) ?? 'station'
  if (page !== 'task') return { page, entry: null }
  const entry = MADE.find((entry) => entry === screen)
  return entry === undefined ? { page: 'station', entry: null } : { page, entry }
}

const first = read()
export const page = ref<Page>(first.page)
export const entry = ref<EntryName | null>(first.entry)

/** Another person is signing in over the session that is there. */
export const switching = ref(false)

window.addEventListener('hashchange', () => {
  const place = read()
  page.value = place.page
  entry.value = place.entry
})

export function go(to: Page, screen?: EntryName): void {
  window.location.hash = to === 'station' ? '#/' : screen === undefined ? `#/${to}` : `#/${to}/${screen}`
}
