// The menu: groups in their order, each with its own pages and the declared resources that belong there.
import { computed } from 'vue'
import { RESOURCES } from '../resources'
import { definitions } from '../resources/definitions'
import type { MenuGroup } from '../resources/resource'

interface Entry {
  /** The name of its route. */
  page: string
  title: string
  place: number
}

const PAGES: Record<MenuGroup, readonly Entry[]> = {
  master: [],
  production: [{ page: 'orders', title: 'menu.orders', place: 1 }, { page: 'reconciliation', title: 'menu.reconciliation', place: 3 }],
  documents: [{ page: 'documents', title: 'menu.documents', place: 1 }, { page: 'reassignments', title: 'menu.reassignments', place: 2 }],
  audit: [{ page: 'trace', title: 'menu.trace', place: 1 }, { page: 'diversion', title: 'menu.diversion', place: 2 }],
  system: [{ page: 'devices', title: 'menu.devices', place: 2 }, { page: 'settings', title: 'menu.settings', place: 3 }, { page: 'audit', title: 'menu.audit_trail', place: 4 }],
}

/** What this reader may look at, group by group. */
export const menu = computed(() =>
  (Object.keys(PAGES) as MenuGroup[])
    .map((group) => ({
      title: `menu.group.${group}`,
      entries: [
        ...PAGES[group],
        ...RESOURCES.filter(({ name, menu: [at] }) => at === group && definitions.value.has(name)).map(({ name, menu: [, place] }) => ({ page: name, title: `of.${name}.title`, place })),
      ].sort((a, b) => a.place - b.place),
    }))
    .filter(({ entries }) => entries.length > 0),
)
