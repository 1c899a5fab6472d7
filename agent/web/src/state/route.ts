// Which page is shown, from the address: `#/` is the station, whose screen the agent's View decides.
import { ref } from 'vue'

export type Page = 'station' | 'exceptions' | 'sync' | 'test' | 'line'
const PAGES: Page[] = ['exceptions', 'sync', 'test', 'line']

function read(): Page {
  const name = window.location.hash.replace(/^#\/?/, '')
  return PAGES.find((page) => page === name) ?? 'station'
}

export const page = ref<Page>(read())

window.addEventListener('hashchange', () => (page.value = read()))

export function go(to: Page): void {
  window.location.hash = to === 'station' ? '#/' : `#/${to}`
}
