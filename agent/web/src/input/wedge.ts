// Turns key presses and inserted text into scans. Pure: time comes in with every event, nothing is read from the page.
//
// A character can arrive by two routes: as a key press, or as text an input method inserted. A WebView may deliver every
// character by both, one by one or as a whole. Echoes keep their order, so a character is an echo when it is the next one
// the other route has not seen yet; any other character shows that the other route is not echoing.

export const GS = '\u001d'

/** Longest text taken as one scan. */
export const SCAN_CHARS_MAX = 4096

/** A burst of at least this many characters came from a scanner, so its loss is worth a word to the operator. */
const BURST_CHARS_MIN = 3

/** The rest of a scan that stalled is skipped if it resumes within this time. */
const STALL_MS_MAX = 1000

/** An echo comes at once. */
const ECHO_MS_MAX = 100

export interface WedgeSettings {
  /** Longest pause between two characters of one scan. */
  interKeyMs: number
  /** Printable stand-in for GS: one character, or a key name such as `F8`. */
  gsSubstitute: string
}

export type Route = 'key' | 'text'

export type WedgeEvent =
  | { kind: 'scan'; text: string }
  /** One character and nothing behind it: a person pressed a key. */
  | { kind: 'key'; text: string }
  | { kind: 'broken'; text: string; why: 'stalled' | 'no_end' | 'too_long' }

export interface Taken {
  /** The event belonged to the scanner: the page must not react to it otherwise. */
  taken: boolean
  out: WedgeEvent[]
}

export class Wedge {
  private buffer = ''
  private lastAt = -Infinity
  private endedAt = -Infinity
  private skipping = false
  /** Characters of each route the other has not echoed, oldest first. */
  private unmatched: Record<Route, string[]> = { key: [], text: [] }

  constructor(private readonly settings: () => WedgeSettings) {}

  /** One or more characters by one route. CR, LF and Tab inside end a scan as their keys would. */
  feed(text: string, route: Route, at: number): Taken {
    const out: WedgeEvent[] = []
    let taken = false
    for (const raw of Array.from(text)) {
      if (raw === '\r' || raw === '\n' || raw === '\t') {
        const ended = this.end(route, at)
        out.push(...ended.out)
        taken = taken || ended.taken
        continue
      }
      taken = true
      this.character(this.translate(raw), route, at, out)
    }
    return { taken, out }
  }

  /** Enter, Tab, CR or LF. Not taken when no scan is under way, so that buttons and focus keep working. */
  end(_route: Route, at: number): Taken {
    const { interKeyMs } = this.settings()
    if (this.skipping) {
      this.skipping = false
      this.close(at)
      return { taken: true, out: [] }
    }
    if (this.buffer === '') {
      const tail = at - this.endedAt <= interKeyMs
      if (tail) this.endedAt = at
      return { taken: tail, out: [] }
    }
    const text = this.buffer
    const stalled = at - this.lastAt > interKeyMs
    this.close(at)
    if (!stalled) return { taken: true, out: [{ kind: 'scan', text }] }
    if (text.length < BURST_CHARS_MIN) return { taken: false, out: [] }
    return { taken: true, out: [{ kind: 'broken', text, why: 'stalled' }] }
  }

  /** Called some time after the last character: a burst that never ended is reported and forgotten. */
  idle(at: number): WedgeEvent[] {
    if (this.buffer === '' || at - this.lastAt <= this.settings().interKeyMs) return []
    const text = this.buffer
    this.close(-Infinity)
    if (text.length === 1) return [{ kind: 'key', text }]
    return text.length < BURST_CHARS_MIN ? [] : [{ kind: 'broken', text, why: 'no_end' }]
  }

  /** A scan is under way. */
  get busy(): boolean {
    return this.buffer !== ''
  }

  /** So far it may be a person's key. */
  get isOneKey(): boolean {
    return this.buffer.length === 1
  }

  private character(char: string, route: Route, at: number, out: WedgeEvent[]): void {
    const gap = at - this.lastAt
    if (gap > this.settings().interKeyMs) this.afterPause(gap, out)
    if (gap > ECHO_MS_MAX) this.unmatched = { key: [], text: [] }
    this.lastAt = at
    if (this.isEcho(char, route)) return
    if (this.skipping) return
    this.buffer += char
    if (this.buffer.length > SCAN_CHARS_MAX) {
      out.push({ kind: 'broken', text: this.buffer, why: 'too_long' })
      this.buffer = ''
      this.skipping = true
    }
  }

  private afterPause(gap: number, out: WedgeEvent[]): void {
    const stalledScan = this.buffer.length >= BURST_CHARS_MIN
    if (stalledScan) out.push({ kind: 'broken', text: this.buffer, why: 'stalled' })
    this.skipping = (stalledScan || this.skipping) && gap <= STALL_MS_MAX
    this.buffer = ''
  }

  private isEcho(char: string, route: Route): boolean {
    const other = route === 'key' ? 'text' : 'key'
    if (this.unmatched[other][0] === char) {
      this.unmatched[other].shift()
      return true
    }
    this.unmatched[other] = []
    this.unmatched[route].push(char)
    return false
  }

  private close(endedAt: number): void {
    this.buffer = ''
    this.endedAt = endedAt
  }

  /** Full-width forms come from a Chinese input method in the way of the scanner, never from a label. */
  private translate(char: string): string {
    if (char === this.settings().gsSubstitute || char === '\u241d') return GS
    const point = char.charCodeAt(0)
    return point >= 0xff01 && point <= 0xff5e ? String.fromCharCode(point - 0xfee0) : char
  }
}
