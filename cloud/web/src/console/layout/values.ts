// Any value of the cloud as one line of text, for differences and details.

export function listed(value: unknown): string {
  if (value === null || value === undefined || value === '') return '—'
  if (Array.isArray(value)) return value.length === 0 ? '—' : value.map(listed).join(', ')
  if (typeof value === 'boolean') return value ? '✓' : '✗'
  if (typeof value !== 'object') return String(value)
  const fields = value as Record<string, unknown>
  if (typeof fields.name === 'string') return fields.name
  if (typeof fields.number === 'string') return fields.number
  return Object.entries(fields).map(([name, inner]) => `${name} ${listed(inner)}`).join(' · ')
}
