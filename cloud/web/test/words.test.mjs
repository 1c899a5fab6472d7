// Every word the rules of the protocol can answer with has its words in both languages.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import ts from 'typescript'

const root = new URL('../../../', import.meta.url)
const rust = (path) => readFileSync(new URL(path, root), 'utf8')
const load = async (path) => {
  const { outputText } = ts.transpileModule(rust(`cloud/web/src/${path}`), { compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 } })
  return import(`data:text/javascript;base64,${Buffer.from(outputText).toString('base64')}`)
}
const { rejectionText } = await load('shared/words/rejection.ts')
const { default: zh } = await load('shared/words/zh-CN.ts')
const { default: en } = await load('shared/words/en.ts')

/** The fields of each variant, and the snake_case word of each. */
function variants(source) {
  const fields = new Map([...source.matchAll(/^ {4}(\w+) \{ ([^}]*) \},$/gm)].map(([, name, inner]) => [name, [...inner.matchAll(/(\w+):/g)].map(([, field]) => field)]))
  return [...source.matchAll(/Self::(\w+)(?: \{ \.\. \}|\(_\))? => "(\w+)"/g)].map(([, name, word]) => ({ word, fields: fields.get(name) ?? [] }))
}

for (const file of ['rejection', 'effect']) {
  test(`every word of ${file}.rs is a sentence with values for all it mentions`, () => {
    const all = variants(rust(`protocol/src/ledger/${file}.rs`))
    assert.ok(all.length >= 6, `${file}.rs lists its words`)
    for (const { word, fields } of all) {
      const tagged = { [word]: Object.fromEntries(fields.map((field) => [field, `<${field}>`])) }
      for (const locale of ['zh-CN', 'en']) {
        const text = rejectionText(tagged, locale)
        assert.doesNotMatch(text, /\?|\{|^\w+ \(/, `${word} in ${locale}: ${text}`)
        assert.equal(/[一-鿿]/.test(text), locale === 'zh-CN', `${word} in ${locale}: ${text}`)
      }
    }
  })
}

test('every kind of operation, level and state has a name', () => {
  const kinds = variants(rust('protocol/src/ledger/operation.rs')).map(({ word }) => word)
  assert.ok(kinds.includes('verify_pack') && kinds.includes('correct'))
  for (const words of [zh, en]) {
    for (const kind of kinds) assert.ok(words.operation[kind], `no name for ${kind}`)
    for (const level of ['unit', 'box', 'case', 'pallet']) assert.ok(words.level[level] && words.plan[level])
    for (const state of ['issued', 'free', 'announced', 'active', 'replaced']) assert.ok(words.itemState[state])
    for (const verdict of ['applied', 'duplicate', 'quarantined', 'frozen']) assert.ok(words.verdict[verdict])
  }
})
