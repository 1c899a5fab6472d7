// What is shipped: one classic script of ES2017, small, with a sentence for every code, and a lock file without hosts.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { parse } from 'acorn'
import { load } from './source.mjs'

const COMPRESSED_BYTES_MAX = 250 * 1024
const root = new URL('../', import.meta.url)
const read = (path) => readFileSync(new URL(path, root))
const assets = readdirSync(new URL('dist/assets/', root))
const zhCN = { ...(await load('i18n/zh-CN.ts')).zhCN, ...(await load('i18n/pages.zh-CN.ts')).pagesZhCN, ...(await load('i18n/labels.zh-CN.ts')).labelsZhCN }
const en = { ...(await load('i18n/en.ts')).en, ...(await load('i18n/pages.en.ts')).pagesEn, ...(await load('i18n/labels.en.ts')).labelsEn }
const { fill } = await load('i18n/words.ts')

test('the_bundle_is_one_classic_script_of_es2017', () => {
  const scripts = assets.filter((name) => name.endsWith('.js'))
  assert.equal(scripts.length, 1)
  parse(read(`dist/assets/${scripts[0]}`).toString(), { ecmaVersion: 2017, sourceType: 'script' })
  const html = read('dist/index.html').toString()
  assert.match(html, /<script defer src="\.\/assets\/pda-[\w-]+\.js"><\/script>/)
  assert.doesNotMatch(html, /type="?module|crossorigin|https?:/)
})

test('the_stylesheet_keeps_to_what_old_webviews_know', () => {
  const css = assets.filter((name) => name.endsWith('.css')).map((name) => read(`dist/assets/${name}`).toString()).join('')
  assert.doesNotMatch(css, /:has\(|@container|color-mix|[;{]inset:|[;{](row-|column-)?gap:|dvh|@layer|:where\(|:is\(/)
})

test('everything_fits_in_250_kb_compressed', () => {
  const size = [...assets.map((name) => `dist/assets/${name}`), 'dist/index.html'].reduce((sum, path) => sum + gzipSync(read(path)).length, 0)
  assert.ok(size <= COMPRESSED_BYTES_MAX, `${size} bytes`)
})

test('the_lock_file_names_no_host', () => {
  assert.doesNotMatch(read('package-lock.json').toString(), /"resolved"|https?:\/\/[^"]*registry/)
})

test('both_languages_word_the_same_keys_with_the_same_parameters', () => {
  assert.deepEqual(Object.keys(en).sort(), Object.keys(zhCN).sort())
  const parameters = (text) => [...new Set(text.match(/\{\w+\}/g) || [])].sort()
  for (const key of Object.keys(zhCN)) {
    assert.notEqual(en[key].trim(), '', key)
    assert.deepEqual(parameters(en[key]), parameters(zhCN[key]), key)
  }
})

test('every_rejection_and_notice_of_the_rules_has_a_sentence', () => {
  for (const file of ['rejection', 'effect']) {
    const rust = read(`../../protocol/src/ledger/${file}.rs`).toString()
    const codes = [...rust.matchAll(/Self::\w+(?: \{[^}]*\})? => "(\w+)"/g)].map((match) => match[1])
    assert.ok(codes.length >= 6, `${file}.rs lists its codes`)
    for (const code of codes) assert.ok(`msg.${code}` in zhCN, `no sentence for ${code}`)
  }
  const contract = 'accepted unreadable no_code_in_picture several_codes repeat operation_confirmed undone storage_full not_open'
  for (const code of contract.split(' ')) assert.ok(`msg.${code}` in zhCN, `no sentence for ${code}`)
})

/** Every string that these patterns find in Rust sources, without their tests. */
function found(files, patterns) {
  const rust = files.filter((file) => !/tests\.rs$/.test(file)).map((file) => read(`../../${file}`).toString().split('#[cfg(test)]')[0]).join('\n')
  return [...new Set(patterns.flatMap((pattern) => [...rust.matchAll(pattern)].map((match) => match[1])))]
}
const sources = (folder) => readdirSync(new URL(`../../${folder}/`, root)).filter((name) => name.endsWith('.rs')).map((name) => `${folder}/${name}`)

test('every_reason_a_lane_can_give_has_a_sentence', () => {
  const reasons = found(sources('agent/src/lane'), [/Fault::new\(\s*"(\w+)"/g, /^const \w+: &str = "(\w+)"/gm, /"(gate_\w+)"/g, /"(\w+_restarted)"/g, /Self::\w+ => "(\w+)"/g])
  for (const reason of ['no_read', 'label_missing', 'label_no_read', 'noise', 'unreadable', 'no_task', 'tasks_done', 'wrong_level', 'gate_late', 'gate_lost', 'no_pallet_label']) assert.ok(reasons.includes(reason), `the lane's sources name ${reason}`)
  for (const reason of reasons) assert.ok(`msg.${reason}` in zhCN, `no sentence for ${reason}`)
})

test('everything_the_station_and_the_page_can_answer_has_a_sentence', () => {
  const messages = [/Message::new\(\s*"(\w+)"/g, /warning\("(\w+)"\)/g, /StatusCode::\w+,\s*"(\w+)"/g]
  const branches = [/Message::new\(if [^"]*"(\w+)"/g, /Message::new\(if [^"]*"\w+" \} else \{\s*"(\w+)"/g, /PAYLOAD_TOO_LARGE => "(\w+)"/g, /MEDIA_TYPE => "(\w+)"/g, /"(\w+)"\.clone_into/g, /LotBlocked \{ \.\. \} => "(\w+)"/g]
  const codes = found([...sources('agent/src/station'), ...sources('agent/src/ui'), ...sources('agent/src/ui/session'), 'agent/src/feedback.rs'], [...messages, ...branches])
  for (const code of ['scanned_twice', 'wrong_product', 'task_done', 'differs', 'scan_parent', 'too_many_tries', 'not_a_picture', 'not_json']) assert.ok(codes.includes(code), `the sources name ${code}`)
  for (const code of codes) assert.ok(`msg.${code}` in zhCN || `prompt.${code}` in zhCN, `no sentence for ${code}`)
})

test('everything_printing_can_say_has_a_sentence', () => {
  const codes = found([...sources('agent/src/print'), 'agent/src/ui/print.rs'], [/Self::\w+ => "(\w+)"/g, /Message::new\(\s*"(\w+)"/g, /(?:refused|because)\("(\w+)"/g, /StatusCode::\w+,\s*"(\w+)"/g])
  for (const code of ['out_of_paper', 'labels_used_up', 'printer_unreachable', 'print_state']) assert.ok(codes.includes(code), `the sources name ${code}`)
  for (const code of codes) assert.ok(`msg.${code}` in zhCN, `no sentence for ${code}`)
  const states = found(['agent/src/store/print.rs'], [/Self::\w+ => "(\w+)"/g])
  assert.equal(states.length, 6)
  for (const state of states) assert.ok(`print.state.${state}` in zhCN, `no word for ${state}`)
  const labels = readdirSync(new URL('../../firmware-config/labels/', root)).map((name) => name.replace('.toml', ''))
  for (const label of labels) assert.ok(`template.${label}` in zhCN, `no word for ${label}`)
})

test('every_way_the_cloud_refuses_a_batch_has_a_sentence', () => {
  const codes = found(['cloud/src/ingest/mod.rs', 'cloud/src/devices/http.rs', 'agent/src/sync/driver.rs'], [/=> "(\w+)"/g, /UNAUTHORIZED, "(\w+)"/g, /forbidden\("(\w+)"/g, /critical\("(\w+)"/g])
  assert.ok(codes.includes('bad_signature') && codes.includes('device_revoked') && codes.includes('forked'))
  for (const code of codes) assert.ok(`msg.${code}` in zhCN, `no sentence for ${code}`)
})

test('an_optional_part_of_a_sentence_vanishes_without_its_parameter', () => {
  const words = { parent: 'P1' }
  const value = (name) => words[name] ?? null
  assert.equal(fill('in[ {parent}][, at {at}].', value), 'in P1.')
  assert.equal(fill('{n} of {parent}', value), '– of P1')
  assert.equal(fill('[<{x}>]', () => '[{parent}]'), '<  parent  >', 'a parameter cannot bring in placeholders')
})
