// Forms, trees and differences as pure code: what is sent, what happens when two people save, what a change changed.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import ts from 'typescript'

const load = async (path) => {
  const source = readFileSync(new URL(`../src/console/${path}`, import.meta.url), 'utf8')
  const { outputText } = ts.transpileModule(source, { compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 } })
  return import(`data:text/javascript;base64,${Buffer.from(outputText).toString('base64')}`)
}
const { blank, body, differing, merge, read } = await load('form/values.ts')
const { forest } = await load('resources/forest.ts')
const { differences } = await load('audit/difference.ts')
const { mixes, planned } = await load('orders/plan.ts')

const PRODUCT = { name: 'product', kind: 'one', of: 'products' }
const FIELDS = [
  { name: 'name', kind: 'text' },
  { name: 'pin', kind: 'secret' },
  PRODUCT,
  { name: 'sites', kind: 'many', of: 'sites' },
  { name: 'allowed', kind: 'flag', default: true },
  { name: 'lines', kind: 'rows', fields: [PRODUCT, { name: 'quantity', kind: 'number' }] },
  { name: 'plan', kind: 'plan' },
]
const BEER = { id: 7, name: '啤酒' }

test('references are sent by their id, empty fields not at all', () => {
  const values = { ...blank(FIELDS), name: ' 甲 ', product: BEER, sites: [{ id: 1, name: '一' }, { id: 2, name: '二' }], lines: [{ product: BEER, quantity: null }], plan: [{ level: 'box', holds: 6, parts: [{ product: BEER, units: 6 }] }] }
  assert.deepEqual(body(FIELDS, values), { name: '甲', product: 7, sites: [1, 2], allowed: true, lines: [{ product: 7 }], plan: [{ level: 'box', holds: 6, parts: [{ product: 7, units: 6 }] }] })
  assert.deepEqual(body(FIELDS, blank(FIELDS)), { sites: [], allowed: true, lines: [], plan: [] })
})

test('a row fills the form, its secrets do not, and what was read is not changed by typing', () => {
  const row = { id: 1, version: 3, name: '甲', product: BEER, sites: [], allowed: false, lines: [{ product: BEER, quantity: 2, units: 48 }], plan: [{ level: 'case', holds: 24 }] }
  const form = read(FIELDS, row)
  assert.deepEqual([form.pin, form.allowed, form.lines, form.plan], ['', false, [{ product: BEER, quantity: 2 }], [{ level: 'case', holds: 24, parts: [] }]])
  form.lines[0].quantity = 9
  assert.equal(row.lines[0].quantity, 2)
  assert.deepEqual(differing(FIELDS, read(FIELDS, row), form), ['lines'])
})

test('codes are taken line by line, however they were separated', () => {
  const codes = [{ name: 'codes', kind: 'codes' }]
  assert.deepEqual(body(codes, { codes: ' A1\n\nB2\tC3\r\n' }), { codes: ['A1', 'B2', 'C3'] })
})

test('when two people save, each keeps what only they changed; what both changed is named', () => {
  const base = { ...blank(FIELDS), name: '旧', product: BEER }
  const mine = { ...base, name: '我的', allowed: false }
  const theirs = { ...base, name: '他的', product: null }
  const { values, both } = merge(FIELDS, base, mine, theirs)
  assert.deepEqual([values.name, values.product, values.allowed, both], ['我的', null, false, ['name']])
  assert.deepEqual(merge(FIELDS, base, mine, mine).both, [])
})

test('rows lie below the row they name; one whose upper row is missing stands at the top', () => {
  const row = (id, upper) => ({ id, parent: upper ? { id: upper, name: String(upper) } : null })
  const shape = (branches) => branches.map(({ id, children }) => (children ? [id, shape(children)] : id))
  assert.deepEqual(shape(forest([row(3, 2), row(1), row(2, 1), row(5, 99), row(4, 1)], 'parent')), [[1, [[2, [3]], 4]], 5])
  assert.deepEqual(shape(forest([row(1, 1)], 'parent')), [1])
})

test('a change is what is not the same before and after; what the cloud counts is not told', () => {
  assert.deepEqual(differences({ id: 1, version: 1, name: '甲', sites: [1] }, { id: 1, version: 2, name: '乙', sites: [1], note: 'x' }), [
    { field: 'name', before: '甲', after: '乙' },
    { field: 'note', before: undefined, after: 'x' },
  ])
  assert.deepEqual(differences(null, { id: 2, name: '甲', brand: null }), [{ field: 'name', before: undefined, after: '甲' }])
})

test('an order of gift boxes needs labels for its packages only', () => {
  const cases = [{ level: 'case', holds: 6, parts: [] }, { level: 'pallet', holds: 10, parts: [] }]
  const gifts = [{ level: 'box', holds: 3, parts: [{ units: 2 }, { units: 1 }] }]
  assert.deepEqual([mixes(cases), mixes(gifts)], [false, true])
  assert.deepEqual([...planned(cases, 65)], [['unit', 65], ['case', 11], ['pallet', 2]])
  assert.deepEqual([...planned(gifts, 7)], [['box', 3]])
})
