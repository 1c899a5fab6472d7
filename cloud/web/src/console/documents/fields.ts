// The forms of a document: who and what, by its kind; its shares among devices; 改派.
import type { Document, DocumentKind } from '@shared/shapes'
import type { Field } from '../form/field'

export const KINDS: readonly DocumentKind[] = ['inbound', 'outbound', 'return', 'transfer', 'count']
export const STATES = ['draft', 'submitted', 'approved', 'in_work', 'done', 'void'] as const

const SITE = { name: 'site', kind: 'one', of: 'sites', required: true } as const
const OTHER = { name: 'other', kind: 'one', of: 'sites' } as const
const DEALER = { name: 'dealer', kind: 'one', of: 'dealers', required: true } as const
const ORDER = { name: 'order', kind: 'one', of: 'orders' } as const
const PRODUCT = { name: 'product', kind: 'one', of: 'products', required: true } as const

/** From whom to whom, for each kind; a site is called by what it does there. */
const PARTIES: Record<DocumentKind, readonly Field[]> = {
  inbound: [{ ...SITE, label: 'arrives' }, { ...OTHER, label: 'comes' }, ORDER],
  outbound: [{ ...SITE, label: 'leaves' }, DEALER],
  return: [DEALER, { ...SITE, label: 'arrives' }],
  transfer: [{ ...SITE, label: 'leaves' }, { ...OTHER, label: 'goes', required: true }],
  count: [{ ...SITE, label: 'counted' }],
}

export function documentFields(kind: DocumentKind): readonly Field[] {
  return [
    { name: 'number', kind: 'text', required: true, max: 40 },
    ...PARTIES[kind],
    {
      name: 'lines', kind: 'rows', required: true,
      fields: [PRODUCT, { name: 'unit', kind: 'choice', options: ['unit', 'box', 'case', 'pallet'], group: 'level', required: true }, { name: 'quantity', kind: 'number', required: true }],
    },
    { name: 'note', kind: 'text', max: 200 },
  ]
}

export const SHARES: readonly Field[] = [
  { name: 'shares', kind: 'rows', fields: [{ name: 'device', kind: 'one', of: 'devices', required: true }, { name: 'lines', kind: 'rows', label: 'share', fields: [PRODUCT, { name: 'units', kind: 'number', required: true }] }] },
]

/** Shares as the form has them: the devices, each with its lines. */
export function sharesRow(document: Document): { shares: { device: unknown; lines: unknown[] }[] } {
  const devices = new Map<number, { device: unknown; lines: unknown[] }>()
  for (const { device, product, units } of document.shares) {
    const known = devices.get(device.id) ?? { device, lines: [] }
    known.lines.push({ product, units })
    devices.set(device.id, known)
  }
  return { shares: [...devices.values()] }
}

/** Goods go on under another document of the same kind. */
export function reassignFields(document: Document): readonly Field[] {
  return [
    { name: 'codes', kind: 'codes', required: true },
    { name: 'to', kind: 'one', of: 'documents', required: true, where: { kind: document.kind } },
    { name: 'reason', kind: 'text', required: true, max: 200 },
  ]
}
