// A packaging plan in words: the outermost level first, as people say it (1 托 : 10 箱 : 24 瓶).
import type { PlanLevel } from '@shared/shapes'

export function planText(plan: readonly PlanLevel[], word: (group: string, level: string) => string): string {
  if (plan.length === 0) return '—'
  const parts = [`1 ${word('level', plan[plan.length - 1]?.level ?? 'unit').toLowerCase()}`]
  for (let at = plan.length - 1; at >= 0; at -= 1) {
    parts.push(`${plan[at]?.holds ?? 0} ${word('plan', at === 0 ? 'unit' : (plan[at - 1]?.level ?? 'unit'))}`)
  }
  return parts.join(' : ')
}

/** True when its packages mix the bottles of other orders (礼盒): it has labels of its own for packages only. */
export const mixes = (plan: readonly PlanLevel[]): boolean => plan.some(({ parts }) => (parts?.length ?? 0) > 0)

/** How many of each level the whole order makes, from its quantity in units; full packages and a last partial one. */
export function planned(plan: readonly PlanLevel[], quantity: number): Map<string, number> {
  const counts = new Map<string, number>(mixes(plan) ? [] : [['unit', quantity]])
  let below = quantity
  for (const { level, holds } of plan) {
    below = holds > 0 ? Math.ceil(below / holds) : 0
    counts.set(level, below)
  }
  return counts
}
