// The whole way of a code: its own steps, and those of the packages it was in, for as long as it was in them.
// Custody sits on the outermost package, so a bottle's receipt and shipment are steps of its case or pallet.
import type { Level, LifeStep, Trace } from '@shared/shapes'

export interface Package { code: string; level: Level; life: readonly LifeStep[] }
/** A step; `of` is the package it happened to, null when it happened to the code itself. */
export interface Passage { step: LifeStep; of: Package | null }
interface Stay { parent: string; from: LifeStep; until: LifeStep | null }

/** Packages lie in packages this deep at most. */
const DEPTH_MAX = 4
/** More packages than this in one life are not followed. */
const PACKAGES_MAX = 24

export const operationOf = (step: LifeStep) => `${step.device.id}.${step.epoch}.${step.seq}`
const byVersion = (life: readonly LifeStep[]) => [...life].sort((a, b) => a.version - b.version)

/** The packages a life passes through, each time from joining to leaving. `first` is where it begins when that is inside one. */
function stays(steps: readonly LifeStep[], first: Stay | null, end: LifeStep | null): Stay[] {
  const found: Stay[] = first ? [first] : []
  let inside = first?.parent ?? null
  for (const step of steps) {
    if (step.parent === inside) continue
    const last = found[found.length - 1]
    if (inside !== null && last) last.until = step
    if (step.parent !== null) found.push({ parent: step.parent, from: step, until: end })
    inside = step.parent
  }
  return found
}

/** What happened to a package, and to what it lay in, during a stay. */
function during(stay: Stay, packages: ReadonlyMap<string, Package>, depth: number): Passage[] {
  const outer = packages.get(stay.parent)
  if (!outer || depth > DEPTH_MAX) return []
  const life = byVersion(outer.life)
  // Joining and leaving are steps of both; by their operation the package's steps in between are found whatever the clocks say.
  const index = (step: LifeStep) => life.findIndex((one) => operationOf(one) === operationOf(step))
  const joined = index(stay.from)
  const start = joined >= 0 ? joined + 1 : life.filter((one) => one.at <= stay.from.at).length
  const left = stay.until ? index(stay.until) : -1
  const end = left >= 0 ? left : stay.until ? life.filter((one) => one.at < (stay.until as LifeStep).at).length : life.length
  const steps = life.slice(start, end)
  const around = life[start - 1]?.parent ?? null
  const above = stays(steps, around === null ? null : { parent: around, from: stay.from, until: stay.until }, stay.until)
  const passages = steps.map((step): Passage => ({ step, of: outer }))
  for (const next of above) passages.push(...during(next, packages, depth + 1))
  return passages
}

/** Own steps by version; between joining a package and leaving it, that package's steps by time. Each operation once. */
export function journey(own: readonly LifeStep[], packages: ReadonlyMap<string, Package>): Passage[] {
  const steps = byVersion(own)
  const after = new Map<LifeStep, Stay>()
  for (const stay of stays(steps, null, null)) after.set(stay.from, stay)
  const told = new Set(steps.map(operationOf))
  const way: Passage[] = []
  let pending: Passage[] = []
  for (const step of steps) {
    while (pending[0] && pending[0].step.at < step.at) way.push(pending.shift() as Passage)
    const stay = after.get(step)
    if (stay || step.parent === null) way.push(...pending.splice(0))
    way.push({ step, of: null })
    if (!stay) continue
    pending = during(stay, packages, 1)
      .filter(({ step: one }) => !told.has(operationOf(one)) && told.add(operationOf(one)))
      .sort((a, b) => a.step.at - b.step.at)
  }
  return [...way, ...pending]
}

/** Reads the packages a code was ever in, and those around them. */
export async function readPackages(trace: Trace, read: (code: string) => Promise<Trace>): Promise<Map<string, Package>> {
  const packages = new Map<string, Package>()
  let next = parentsOf(trace.life)
  for (let depth = 0; depth < DEPTH_MAX && next.length > 0; depth += 1) {
    const wanted = next.filter((code) => !packages.has(code)).slice(0, Math.max(0, PACKAGES_MAX - packages.size))
    const answers = await Promise.all(wanted.map(read))
    for (const { code, level, life } of answers) packages.set(code, { code, level, life })
    next = [...new Set(answers.flatMap((answer) => parentsOf(answer.life)))]
  }
  return packages
}

function parentsOf(life: readonly LifeStep[]): string[] {
  return [...new Set(life.flatMap((step) => (step.parent === null ? [] : [step.parent])))]
}
