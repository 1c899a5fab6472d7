// Which page is shown, from the address: `#/` is the station, whose screen the agent's View decides; `#/choose/ship` asks
// what a screen is to be opened for; `#/task/pack` is the form of a task of one's own for it.
import { ref } from 'vue'
import type { EntryName } from '../api/types'

export type Page = 'station' | 'choose' | 'task' | 'account' | 'exceptions' | 'sync' | 'log' | 'test' | 'line'
const PAGES: Page[] = ['choose', 'task', 'account', 'exceptions', 'sync', 'log', 'test', 'line']

/** Screens that ask for something before they open, in the order of home. */
export const ASKING: EntryName[] = ['pack', 'commission', 'add_to', 'regroup', 'receive', 'ship', 'return', 'transfer', 'count', 'sample', 'destroy']

interface Place {
  page: Page
  /** What `choose` and `task` are for; anything else has none. */
  entry: EntryName | null
}

function read(): Place {
  const [name, screen] = window.location.hash.replace(/^#\/?/, '').split('/')
  const page = PAGES.find((page) => page === name) ?? 'station'
  if (page !== 'choose' && page !== 'task') return { page, entry: null }
  const entry = ASKING.find((entry) => entry === screen)
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
