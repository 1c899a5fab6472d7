// What a person can open from home: in which order, in which group, for whom.
import type { EntryName, RoleName } from '../api/types'

export const GROUPS: { name: 'making' | 'moving' | 'goods'; entries: EntryName[] }[] = [
  { name: 'making', entries: ['pack', 'commission', 'add_to', 'unpack', 'relabel', 'verify', 'regroup'] },
  { name: 'moving', entries: ['receive', 'ship', 'return', 'transfer', 'count'] },
  { name: 'goods', entries: ['lookup', 'rework', 'sample', 'destroy', 'write_off'] },
]

const ENTRIES = GROUPS.reduce<EntryName[]>((all, group) => all.concat(group.entries), [])

/** Auditors look, verify and count; the agent holds to it whatever is shown. */
const FOR_AUDITORS: EntryName[] = ['verify', 'count', 'lookup']

export function isFor(entry: EntryName, role: RoleName): boolean {
  return role !== 'auditor' || FOR_AUDITORS.includes(entry)
}

/** True for the word of a command barcode that opens a screen. */
export function opensScreen(word: string): boolean {
  const name = word.toLowerCase()
  return name === 'home' || name === 'resolve' || ENTRIES.some((entry) => entry === name)
}
