// Rows below the rows they belong to.
import type { Reference, Row } from '../form/field'

export interface Branch extends Row { children?: Branch[] }

/** The rows with their children, each in the order given. A row whose upper row is missing stands at the top. */
export function forest(rows: readonly Row[], upper: string): Branch[] {
  const all = new Map<number, Branch>(rows.map((row) => [row.id, { ...row }]))
  const tops: Branch[] = []
  for (const branch of all.values()) {
    const above = all.get((branch[upper] as Reference | null)?.id ?? 0)
    if (above && above !== branch) (above.children ??= []).push(branch)
    else tops.push(branch)
  }
  return tops
}
