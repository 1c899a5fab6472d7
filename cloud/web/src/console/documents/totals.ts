// Sums over a document's lines, in units.
import type { ShipmentDocument } from '@shared/shapes'

type Lines = ShipmentDocument['lines']
export const ordered = (lines: Lines) => lines.reduce((sum, line) => sum + line.units, 0)
export const moved = (lines: Lines) => lines.reduce((sum, line) => sum + line.moved, 0)
