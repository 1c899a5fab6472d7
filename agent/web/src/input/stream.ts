// Which code of a camera's stream is meant, frame by frame. Pure: frames and times come in, one decision goes out.
//
// A code counts when it was seen in two frames in a row and no other in the last few: a second label in view may be missed
// by one or two. What was taken or chosen once is not taken again until it was out of sight for a while.
import type { Decoded } from '../api/types'

/** Out of sight for so long, a code is a new one. */
export const GONE_MS = 1500
/** Frames without any other code in view. */
export const ALONE_FRAMES = 4

export type Seen = { kind: 'nothing' } | { kind: 'take'; code: Decoded } | { kind: 'ask'; codes: Decoded[] }

const NOTHING: Seen = { kind: 'nothing' }

export class StreamEye {
  /** What was in view, newest first. */
  private views: string[] = []
  /** When each code was last in view. */
  private readonly seen: Record<string, number> = Object.create(null)
  private readonly taken: Record<string, true> = Object.create(null)
  /** The codes in view that somebody was asked about already. */
  private asked = ''

  frame(codes: Decoded[], at: number): Seen {
    for (const text of Object.keys(this.seen)) if (at - (this.seen[text] as number) > GONE_MS) this.forget(text)
    for (const { scan } of codes) this.seen[scan] = at
    const view = key(codes)
    const isSteady = view === this.views[0]
    this.views = [view].concat(this.views).slice(0, ALONE_FRAMES)
    if (codes.length > 1) return this.several(codes, view, isSteady)
    const only = codes[0]
    if (only === undefined || !isSteady || this.taken[only.scan]) return NOTHING
    if (this.views.some((view) => view !== '' && view !== only.scan)) return NOTHING
    this.taken[only.scan] = true
    return { kind: 'take', code: only }
  }

  /** Somebody has chosen this one, or none of those in view. */
  chosen(code: Decoded | null): void {
    if (code !== null) this.taken[code.scan] = true
    this.asked = this.views[0] ?? ''
  }

  private several(codes: Decoded[], view: string, isSteady: boolean): Seen {
    if (!isSteady || view === this.asked || codes.every((code) => this.taken[code.scan])) return NOTHING
    return { kind: 'ask', codes }
  }

  private forget(text: string): void {
    delete this.seen[text]
    delete this.taken[text]
    if (this.asked.split('\n').indexOf(text) >= 0) this.asked = ''
  }
}

const key = (codes: Decoded[]) => codes.map((code) => code.scan).sort().join('\n')
