// The wedge machine and the queue, as pure code: time is an argument.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { load } from './source.mjs'

const { Wedge, GS, SCAN_CHARS_MAX } = await load('input/wedge.ts')
const { JobQueue } = await load('input/queue.ts')

const settings = { interKeyMs: 100, gsSubstitute: '␝' }

/** Types a text key by key and returns what came out. */
function typing(wedge, text, { from = 0, every = 5, route = 'key' } = {}) {
  const out = []
  let at = from
  for (const char of text) {
    out.push(...wedge.feed(char, route, at).out)
    at += every
  }
  return { out, at }
}

const wedge = (changes = {}) => new Wedge(() => ({ ...settings, ...changes }))
const scans = (out) => out.filter((event) => event.kind === 'scan').map((event) => event.text)

test('enter_and_tab_end_a_scan', () => {
  for (const end of ['\r', '\t']) assert.deepEqual(typing(wedge(), `ABC123${end}`).out, [{ kind: 'scan', text: 'ABC123' }])
})

test('the_line_feed_after_a_carriage_return_is_swallowed', () => {
  const machine = wedge()
  const { out, at } = typing(machine, 'AB\r\nCD\r\n')
  assert.deepEqual(scans(out), ['AB', 'CD'])
  assert.equal(machine.end('key', at).taken, true, 'a doubled Enter right behind presses no button')
  assert.equal(machine.end('key', at + 500).taken, false, 'a later Enter belongs to the person')
})

test('keys_slower_than_the_limit_are_a_person_and_no_scan', () => {
  const { out } = typing(wedge(), 'hello\r', { every: 150 })
  assert.deepEqual(out, [])
})

test('the_limit_is_a_setting', () => {
  assert.deepEqual(scans(typing(wedge({ interKeyMs: 200 }), 'hello\r', { every: 150 }).out), ['hello'])
})

test('exactly_the_limit_still_counts', () => {
  assert.deepEqual(scans(typing(wedge(), 'AB\r', { every: 100 }).out), ['AB'])
  assert.deepEqual(scans(typing(wedge(), 'AB\r', { every: 101 }).out), [])
})

test('a_scan_that_stalls_is_reported_and_its_rest_never_counts_as_a_code', () => {
  const machine = wedge()
  const first = typing(machine, '690123')
  const rest = typing(machine, '456789\r', { from: first.at + 200 })
  assert.deepEqual(rest.out, [{ kind: 'broken', text: '690123', why: 'stalled' }])
  assert.deepEqual(scans(typing(machine, 'NEXT\r', { from: rest.at + 10 }).out), ['NEXT'])
})

test('a_burst_without_an_end_is_reported_and_does_not_stick_to_the_next_scan', () => {
  const machine = wedge()
  typing(machine, '690123')
  assert.deepEqual(machine.idle(700), [{ kind: 'broken', text: '690123', why: 'no_end' }])
  assert.deepEqual(machine.idle(800), [])
  assert.deepEqual(scans(typing(machine, 'NEXT\r', { from: 900 }).out), ['NEXT'])
})

test('one_character_alone_is_a_persons_key', () => {
  const machine = wedge()
  typing(machine, '2')
  assert.equal(machine.isOneKey, true)
  assert.deepEqual(machine.idle(200), [{ kind: 'key', text: '2' }])
  typing(machine, '23', { from: 1000 })
  assert.equal(machine.isOneKey, false)
  assert.deepEqual(machine.idle(1200), [])
})

test('the_timer_starts_afresh_after_each_scan', () => {
  const machine = wedge()
  const first = typing(machine, 'ONE\r')
  assert.deepEqual(scans(first.out), ['ONE'])
  assert.deepEqual(scans(typing(machine, 'TWO\r', { from: first.at + 5000 }).out), ['TWO'])
  assert.deepEqual(scans(typing(machine, 'TRI\r', { from: first.at + 5021 }).out), ['TRI'])
})

test('gs_is_read_from_its_substitute_and_from_itself', () => {
  assert.deepEqual(scans(typing(wedge(), `01A␝21B${GS}C\r`).out), [`01A${GS}21B${GS}C`])
  assert.deepEqual(scans(typing(wedge({ gsSubstitute: '~' }), '01A~21B\r').out), [`01A${GS}21B`])
})

test('a_character_that_comes_as_key_and_as_text_counts_once', () => {
  const machine = wedge()
  const out = []
  let at = 0
  for (const char of 'AA11BB') {
    out.push(...machine.feed(char, 'key', at).out, ...machine.feed(char, 'text', at + 1).out)
    at += 5
  }
  out.push(...machine.end('key', at).out, ...machine.feed('\n', 'text', at + 1).out)
  assert.deepEqual(out, [{ kind: 'scan', text: 'AA11BB' }])
})

test('text_that_echoes_a_whole_scan_after_its_end_is_dropped', () => {
  const machine = wedge()
  const { at } = typing(machine, 'AAB12\r')
  assert.deepEqual(machine.feed('AAB12', 'text', at + 3).out, [])
  assert.deepEqual(machine.idle(at + 1000), [])
})

test('the_next_scan_by_the_other_route_loses_nothing', () => {
  const machine = wedge()
  machine.feed('HELD', 'text', 0)
  assert.deepEqual(scans(machine.end('key', 5).out), ['HELD'])
  assert.deepEqual(scans(typing(machine, 'PLAIN\r', { from: 60 }).out), ['PLAIN'])
})

test('letters_as_text_and_digits_as_keys_keep_their_order', () => {
  const machine = wedge()
  let at = 0
  for (const char of 'K1QQ22') machine.feed(char, /\d/.test(char) ? 'key' : 'text', (at += 5))
  assert.deepEqual(scans(machine.end('key', at + 5).out), ['K1QQ22'])
})

test('full_width_forms_of_an_input_method_become_plain', () => {
  assert.deepEqual(scans(typing(wedge(), '（００）１２Ａ\r').out), ['(00)12A'])
})

test('a_scan_longer_than_the_limit_is_refused_whole', () => {
  const machine = wedge()
  const { out, at } = typing(machine, `${'7'.repeat(SCAN_CHARS_MAX + 50)}\r`, { every: 1 })
  assert.deepEqual(out.map((event) => event.why), ['too_long'])
  assert.deepEqual(scans(typing(machine, 'NEXT\r', { from: at + 5 }).out), ['NEXT'])
  assert.equal(scans(typing(wedge(), `${'7'.repeat(SCAN_CHARS_MAX)}\r`, { every: 1 }).out)[0].length, SCAN_CHARS_MAX)
})

const scan = (text, source = 'wedge') => ({ kind: 'scan', text, source })
const settled = () => new Promise((resolve) => setTimeout(resolve, 0))

test('jobs_run_one_after_another_and_none_is_lost', async () => {
  const seen = []
  const answers = []
  const queue = new JobQueue((job) => {
    seen.push(job.text)
    return new Promise((resolve) => answers.push(resolve))
  }, () => 0)
  for (const text of ['A', 'B', 'C']) queue.push(scan(text))
  await settled()
  assert.deepEqual(seen, ['A'])
  assert.equal(queue.length, 3)
  for (const expected of [['A', 'B'], ['A', 'B', 'C'], ['A', 'B', 'C']]) {
    answers.shift()()
    await settled()
    assert.deepEqual(seen, expected)
  }
  assert.equal(queue.length, 0)
})

test('one_scan_from_two_listeners_counts_once_and_a_real_repeat_stays', () => {
  let now = 0
  const queue = new JobQueue(async () => {}, () => now)
  assert.equal(queue.push(scan('A', 'wedge')), true)
  now = 200
  assert.equal(queue.push(scan('A', 'broadcast')), false)
  assert.equal(queue.push(scan('A', 'wedge')), true, 'the same listener twice is a repeat, for the agent to judge')
  now = 900
  assert.equal(queue.push(scan('A', 'broadcast')), true, 'later it is a new scan')
})

test('drained_jobs_do_not_run', async () => {
  const seen = []
  const queue = new JobQueue(async (job) => void seen.push(job.text), () => 0)
  queue.push(scan('A'))
  queue.push(scan('B'))
  assert.deepEqual(queue.drain().map((job) => job.text), ['B'])
  await settled()
  assert.deepEqual(seen, ['A'])
})
