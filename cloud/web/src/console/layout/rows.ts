// What a row of any kind is called: people know things by name, number, lot or login.

export function nameOfRow(row: object): string {
  const fields = row as Record<string, unknown>
  for (const name of ['name', 'number', 'lot', 'login']) if (typeof fields[name] === 'string') return fields[name]
  return `#${String(fields.id)}`
}
