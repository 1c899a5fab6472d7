// Whatever the protocol and the cloud can answer with has its words in both languages, and so has every declared field.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import ts from 'typescript'
import { ADMIN, signedIn, startCloud } from './cloud.mjs'

const root = new URL('../../../', import.meta.url)
const rust = (path) => readFileSync(new URL(path, root), 'utf8')
const load = async (path) => {
  const { outputText } = ts.transpileModule(rust(`cloud/web/src/${path}`), { compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 } })
  return import(`data:text/javascript;base64,${Buffer.from(outputText).toString('base64')}`)
}
const { rejectionText } = await load('shared/words/rejection.ts')
const { default: zh } = await load('shared/words/zh-CN.ts')
const { default: en } = await load('shared/words/en.ts')
const SIDES = [['zh-CN', await consoleWords('zh-CN')], ['en', await consoleWords('en')]]

/** The console's own words; those of the trade, which they include, are read by themselves. */
async function consoleWords(locale) {
  const source = rust(`cloud/web/src/console/words/${locale}.ts`).replace(/^import trade .*$/m, 'const trade = {}')
  const { outputText } = ts.transpileModule(source, { compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 } })
  return (await import(`data:text/javascript;base64,${Buffer.from(outputText).toString('base64')}`)).default
}

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
  const [, kind] = rust('protocol/src/ledger/action.rs').split('fn kind(')
  const kinds = variants(kind.split('pub const fn')[0]).map(({ word }) => word)
  assert.ok(kinds.includes('verify_pack') && kinds.includes('correct'))
  for (const words of [zh, en]) {
    for (const kind of kinds) assert.ok(words.operation[kind], `no name for ${kind}`)
    for (const level of ['unit', 'box', 'case', 'pallet']) assert.ok(words.level[level] && words.plan[level])
    for (const state of ['issued', 'free', 'announced', 'active', 'replaced']) assert.ok(words.itemState[state])
    for (const verdict of ['applied', 'duplicate', 'quarantined', 'frozen']) assert.ok(words.verdict[verdict])
  }
})

/** The keys of nested words, as paths. */
const keysOf = (words, path = '') => Object.entries(words).flatMap(([key, value]) => (typeof value === 'string' ? [`${path}${key}`] : keysOf(value, `${path}${key}.`)))
const rustFiles = (folder) => readdirSync(new URL(folder, root), { recursive: true }).filter((name) => name.endsWith('.rs')).map((name) => rust(`${folder}/${name}`))
const unitTests = /#\[cfg\(test\)\][\s\S]*$/

test('the console says the same things in both languages', () => {
  const [[, chinese], [, english]] = SIDES
  assert.deepEqual(keysOf(english), keysOf(chinese))
  for (const key of keysOf(chinese)) {
    const at = (words) => key.split('.').reduce((inner, name) => inner[name], words)
    const mentioned = (text) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort()
    assert.deepEqual(mentioned(at(english)), mentioned(at(chinese)), `${key} mentions other values in English`)
  }
})

test('every key that a page of the console names has words', () => {
  const [[, chinese]] = SIDES
  const known = new Set(keysOf({ ...zh, ...chinese }))
  const folder = new URL('cloud/web/src/console', root)
  const sources = readdirSync(folder, { recursive: true }).filter((name) => /\.(?:vue|ts)$/.test(name)).map((name) => [name, rust(`cloud/web/src/console/${name}`)])
  const named = sources.flatMap(([name, source]) => [...source.matchAll(/\bt\('([\w.]+)'/g)].map(([, key]) => [name, key]))
  assert.ok(named.length > 200, `only ${named.length} keys were found in the sources`)
  assert.deepEqual(named.filter(([, key]) => !known.has(key)), [])
})

test('every fault that a form can have has words', () => {
  const sources = rustFiles('cloud/src').map((source) => source.replace(unitTests, ''))
  const found = new Set()
  for (const source of sources) {
    for (const [, kind, call] of source.matchAll(/\bcheck\s*\.(fault|require|explain)\(([^;]*?)\)(?:;|,\n|\n)/g)) {
      // The word comes second, after the place; of a requirement it comes last.
      const word = kind === 'require' ? call.match(/"([a-z_]+)"\s*,?\s*$/) : call.match(/^\s*[^,]+,\s*"([a-z_]+)"/)
      if (word) found.add(word[1])
    }
    for (const [, word] of source.matchAll(/Invalid::field\([^()]*,\s*"([a-z_]+)"\)/g)) found.add(word)
    for (const [, word] of source.matchAll(/Some\("(too_short|too_long|required|same_as_login|not_digits)"\)/g)) found.add(word)
  }
  assert.ok(found.size > 20, `only ${found.size} faults were found in the sources`)
  for (const [locale, words] of SIDES) assert.deepEqual([...found].filter((word) => !words.fault[word]), [], `faults without words in ${locale}`)
})

test('every refusal of the cloud has words', () => {
  const found = new Set()
  for (const file of ['error', 'back_office', 'auth', 'input']) {
    for (const [, code] of rust(`cloud/src/http/${file}.rs`).matchAll(/(?:StatusCode::(?:CONFLICT|FORBIDDEN|NOT_FOUND|SERVICE_UNAVAILABLE|TOO_MANY_REQUESTS), |not_found\(|forbidden\()"([a-z_]+)"/g)) found.add(code)
  }
  assert.ok(found.size >= 6, `only ${found.size} refusals were found`)
  for (const [locale, words] of [['zh-CN', zh], ['en', en]]) assert.deepEqual([...found].filter((code) => !words.error[code]), [], `refusals without words in ${locale}`)
})

test('every resource that the cloud declares has words for all its fields and choices, and nothing else', async () => {
  const cloud = await startCloud()
  try {
    const declared = await (await signedIn(cloud.base, ADMIN)).get('/resources')
    const files = readdirSync(new URL('cloud/web/src/console/resources/declared', root))
    assert.deepEqual(files.map((name) => name.replace('.ts', '')).sort(), declared.map(({ name }) => name).sort())
    for (const { name, fields } of declared) {
      const { default: resource } = await load(`console/resources/declared/${name}.ts`)
      const all = fields.flatMap((field) => [field, ...(field.fields ?? [])])
      for (const [locale, words] of Object.entries(resource.words)) {
        assert.deepEqual([...new Set(all.map((field) => field.name))].sort(), Object.keys(words.field).sort(), `${name} in ${locale}`)
        for (const field of all.filter(({ options }) => options)) assert.deepEqual(Object.keys(words.choice?.[field.name] ?? {}).sort(), [...field.options].sort(), `${name}.${field.name} in ${locale}`)
      }
    }
  } finally {
    await cloud.stop()
  }
})
