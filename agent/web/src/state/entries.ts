// What a person can open from home: in which order, in which group, for whom.
import type { EntryName, RoleName } from '../api/types'
import { ASKING, go } from './route'
import { open, station } from './station'

export const GROUPS: { name: 'making' | 'moving' | 'goods'; entries: EntryName[] }[] = [
  { name: 'making', entries: ['pack', 'commission', 'add_to', 'unpack', 'relabel', 'verify', 'regroup'] },
  { name: 'moving', entries: ['receive', 'ship', 'return', 'transfer', 'count'] },
  { name: 'goods', entries: ['lookup', 'sample', 'destroy'] },
]

const ENTRIES = GROUPS.reduce<EntryName[]>((all, group) => all.concat(group.entries), [])

/** Auditors look, verify and count; the agent holds to it whatever is shown. */
const FOR_AUDITORS: EntryName[] = ['verify', 'count', 'lookup']

export function isFor(entry: EntryName, role: RoleName): boolean {
  return role !== 'auditor' || FOR_AUDITORS.includes(entry)
}

/** Opens an entry, or asks first what it is to be opened for. What is not for the role the agent refuses with its words. */
export function enter(entry: EntryName): void {
  const role = station.session?.operator.role
  if (ASKING.includes(entry) && role !== undefined && isFor(entry, role)) go('choose', entry)
  else void open({ screen: entry })
}

/** The entry that a command barcode opens: `ST*ADD_TO*` or `ST*ADDTO*`. */
export function entryOf(word: string): EntryName | undefined {
  const plain = (name: string) => name.replace(/_/g, '').toLowerCase()
  return ENTRIES.find((entry) => plain(entry) === plain(word))
}
