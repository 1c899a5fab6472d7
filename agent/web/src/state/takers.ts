// Who takes a scan before the station does: the page or dialog on top, while it is there.
import { onMounted, onUnmounted } from 'vue'
import type { Source } from '../api/types'

/** False: it has no use for this scan. */
export type Taker = (text: string, source: Source) => boolean

const takers: Taker[] = []

/** For a component's setup: scans come here first until it is gone. */
export function useScans(taker: Taker): void {
  onMounted(() => takers.push(taker))
  onUnmounted(() => takers.splice(takers.indexOf(taker), 1))
}

export function isTaken(text: string, source: Source): boolean {
  const last = takers[takers.length - 1]
  return last !== undefined && last(text, source)
}

/** The command barcode in a text, as `OK` or `3`, with or without the symbology prefix some scanners add. */
export function commandIn(text: string): string | null {
  const found = /^(?:\][A-Za-z]\d)?ST\*([A-Z0-9_]+)\*$/i.exec(text.trim())
  return found === null ? null : (found[1] as string).toUpperCase()
}
