// How a lane stands, in one light with one sentence that says what to do; what a person may ask of it. Pure.
import type { Lane, LaneCommand, Rejection, Tone } from '../api/types'
import type { Key } from '../i18n'

export interface Light {
  tone: Tone
  words: Key
  /** Why, where that is known. */
  reason?: string | Rejection
}

/** What must be seen from three metres comes first: a lane that stands, then one that will. */
export function light(lane: Lane): Light {
  if (lane.stop === 'reject_unconfirmed') return { tone: 'critical', words: 'line.unconfirmed' }
  if (lane.stop === 'reader_lost' || lane.reader === 'lost') return { tone: 'critical', words: 'line.lost' }
  const newest = lane.last[0]
  if (newest !== undefined && !newest.accepted) return { tone: 'refused', words: 'line.attention', ...(newest.reason ? { reason: newest.reason } : {}) }
  if (lane.finishing) return { tone: 'warning', words: 'line.finishing' }
  if (lane.waits === 'tasks_done') return { tone: 'warning', words: 'line.tasks_done' }
  if (lane.waits === 'no_task') return { tone: 'ready', words: 'line.no_task' }
  if (lane.rate_per_min > 0 || lane.open_units > 0) return { tone: 'accepted', words: 'line.running' }
  return { tone: 'ready', words: 'line.idle' }
}

/** What can be asked of a lane now. */
export function can(lane: Lane, asked: LaneCommand): boolean {
  switch (asked) {
    case 'go_on':
      return lane.stop === 'reject_unconfirmed'
    case 'finish':
      return lane.task !== null && lane.task !== undefined && !lane.finishing
  }
}

/** Whom a command barcode means: the chosen lane, or the only one that can be asked this. */
export function meant(lanes: Lane[], chosen: string | null, asked: LaneCommand): Lane | null {
  const able = lanes.filter((lane) => can(lane, asked))
  if (chosen !== null) return able.find((lane) => lane.name === chosen) ?? null
  return able.length === 1 ? (able[0] ?? null) : null
}

/** How it found its place again is news for this long. */
const RESYNC_SHOWN_MS = 10 * 60 * 1000

export function resynced(lane: Lane, now: number): NonNullable<Lane['resync']> | null {
  return lane.resync !== null && now - lane.resync.at < RESYNC_SHOWN_MS ? lane.resync : null
}
