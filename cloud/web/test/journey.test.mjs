// The way of a code through its packages, as pure code: which steps are told, in which order, each once.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import ts from 'typescript'

const source = readFileSync(new URL('../src/console/trace/journey.ts', import.meta.url), 'utf8')
const { outputText } = ts.transpileModule(source, { compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 } })
const { journey, readPackages } = await import(`data:text/javascript;base64,${Buffer.from(outputText).toString('base64')}`)

/** A step by its operation's number, which is its time too. */
const step = (version, seq, kind, parent = null) => ({ version, kind, parent, at: seq * 1000, device: { id: 1 }, epoch: 1, seq })
const item = (code, level, ...life) => ({ code, level, life })
const told = (trace, ...packages) => journey(trace.life, new Map(packages.map((one) => [one.code, one]))).map(({ step: { kind, seq }, of }) => `${seq} ${kind} ${of?.code ?? 'itself'}`)

test('receipt and shipment of the pallet belong to the life of its bottles', () => {
  const bottle = item('B', 'unit', step(1, 1, 'pack', 'C'))
  const box = item('C', 'case', step(1, 1, 'pack'), step(2, 2, 'pack', 'P'))
  const pallet = item('P', 'pallet', step(1, 2, 'pack'), step(2, 3, 'receive'), step(3, 4, 'ship'))
  assert.deepEqual(told(bottle, box, pallet), ['1 pack itself', '2 pack C', '3 receive P', '4 ship P'])
  assert.deepEqual(told(box, pallet), ['1 pack itself', '2 pack itself', '3 receive P', '4 ship P'])
})

test('what happened to a package before and after the code was in it is not told', () => {
  const bottle = item('B', 'unit', step(1, 1, 'commission'), step(2, 4, 'add_to', 'C'), step(3, 6, 'unpack'), step(4, 8, 'pack', 'D'))
  const first = item('C', 'case', step(1, 2, 'pack'), step(2, 3, 'receive'), step(3, 4, 'add_to'), step(4, 5, 'ship'), step(5, 6, 'unpack'), step(6, 7, 'return'))
  const second = item('D', 'case', step(1, 8, 'pack'), step(2, 9, 'ship'))
  assert.deepEqual(told(bottle, first, second), ['1 commission itself', '4 add_to itself', '5 ship C', '6 unpack itself', '8 pack itself', '9 ship D'])
})

test('a package that lay on a pallet already when the code joined it brings the pallet along', () => {
  const bottle = item('B', 'unit', step(1, 3, 'add_to', 'C'))
  const box = item('C', 'case', step(1, 1, 'pack'), step(2, 2, 'pack', 'P'), step(3, 3, 'add_to', 'P'))
  const pallet = item('P', 'pallet', step(1, 2, 'pack'), step(2, 3, 'add_to'), step(3, 4, 'ship'))
  assert.deepEqual(told(bottle, box, pallet), ['3 add_to itself', '4 ship P'])
})

test('a case taken off its pallet no longer moves with it', () => {
  const bottle = item('B', 'unit', step(1, 1, 'pack', 'C'))
  const box = item('C', 'case', step(1, 1, 'pack'), step(2, 2, 'pack', 'P'), step(3, 3, 'ship'))
  const pallet = item('P', 'pallet', step(1, 2, 'pack'), step(2, 3, 'ship'), step(3, 4, 'receive'))
  assert.deepEqual(told(bottle, box, pallet), ['1 pack itself', '2 pack C', '3 ship C'])
})

test('children follow a new label', () => {
  const bottle = item('B', 'unit', step(1, 1, 'pack', 'OLD'), step(2, 2, 'relabel', 'NEW'))
  const old = item('OLD', 'case', step(1, 1, 'pack'), step(2, 2, 'relabel'))
  const fresh = item('NEW', 'case', step(1, 2, 'relabel'), step(2, 3, 'ship'))
  assert.deepEqual(told(bottle, old, fresh), ['1 pack itself', '2 relabel itself', '3 ship NEW'])
})

test('packages are read once each, outwards', async () => {
  const all = { C: item('C', 'case', step(1, 1, 'pack'), step(2, 2, 'pack', 'P')), P: item('P', 'pallet', step(1, 2, 'pack')) }
  const asked = []
  const found = await readPackages(item('B', 'unit', step(1, 1, 'pack', 'C')), async (code) => (asked.push(code), all[code]))
  assert.deepEqual(asked, ['C', 'P'])
  assert.deepEqual([...found.keys()], ['C', 'P'])
})
