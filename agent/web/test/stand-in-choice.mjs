// The part of the stand-in that asks what a screen is opened for: one thing after the other, nine at a time.
import { dealers } from './stand-in-desk.mjs'

const PAGE = 9
const REASONS = { sample: ['inspection', 'retained', 'marketing'], destroy: ['broken', 'expired', 'rejected', 'recalled'], write_off: ['scrapped', 'returned'], relabel: ['damaged', 'unreadable', 'missing', 'other'] }
const KEYS = { task: 'task', document: 'document', dealer: 'dealer', opened: 'opened', reason: 'reason' }

/** What is asked next for a screen, with all there is to choose from; null when it can open. */
function missing(wanted, lists) {
  const { screen } = wanted
  const documents = lists.documents.filter((document) => document.screen === screen)
  if (/^(pack|add_to|regroup|commission)$/.test(screen)) return 'task' in wanted ? null : { what: 'task', all: lists.tasks, none: screen !== 'commission' }
  if (REASONS[screen]) return 'reason' in wanted ? null : { what: 'reason', all: REASONS[screen], none: false }
  if (/^(ship|transfer|count|receive)$/.test(screen)) return 'document' in wanted ? null : { what: 'document', all: documents, none: screen === 'receive' }
  if (screen !== 'return') return null
  if (!('document' in wanted)) return { what: 'document', all: documents, none: true }
  if (wanted.document === undefined && !('dealer' in wanted)) return { what: 'dealer', all: dealers, none: false }
  return 'opened' in wanted ? null : { what: 'opened', all: [false, true], none: false }
}

/** Asks or answers: a screen's name begins, a digit chooses, `next` turns. The choice to show, or what is to be opened. */
export function chooses(agent, command, lists) {
  if (!/^(\d|next)$/.test(command)) agent.choosing = { wanted: { screen: command }, page: 0 }
  else if (!agent.choosing) return null
  const { choosing } = agent
  const asked = missing(choosing.wanted, lists)
  if (command === 'next') choosing.page += 1
  const first = asked ? (choosing.page % Math.max(1, Math.ceil(asked.all.length / PAGE))) * PAGE : 0
  if (/^\d$/.test(command) && asked) {
    const value = command === '0' ? undefined : asked.all[first + Number(command) - 1]
    choosing.wanted[KEYS[asked.what]] = value?.id ?? value
    choosing.page = -1
    return chooses(agent, 'next', lists)
  }
  if (!asked) {
    agent.choosing = null
    return { open: choosing.wanted }
  }
  const entries = asked.all.slice(first, first + PAGE).map((value, i) => ({ number: i + 1, value }))
  return { choice: { what: asked.what, entries, none: asked.none, more: asked.all.length > PAGE } }
}
