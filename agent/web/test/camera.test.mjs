// The camera, with the real agent and a film in place of the world: seen alone is scanned, two in view ask which, and the
// scanner's keys go on meanwhile. What a stream means frame by frame is tested as pure code first.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { faults, openBrowser, relaxKeyLimit, shoot, wedge } from './browser.mjs'
import { plant, printed, scanning } from './plant.mjs'
import { makeFilm, startAgent, startCloud } from './programs.mjs'
import { load } from './source.mjs'

const { StreamEye, GONE_MS, ALONE_FRAMES } = await load('input/stream.ts')
const code = (scan) => ({ scan, text: scan, symbology: 'qr', identifier: ']Q1', place: [0, 0] })
const [A, B] = [code('A'), code('B')]
/** Frames every 100 ms; what each of them meant. */
const watch = (eye, frames, from = 0) => frames.map((codes, i) => eye.frame(codes, from + i * 100)).map((seen) => (seen.kind === 'take' ? seen.code.scan : seen.kind === 'ask' ? seen.codes.map((one) => one.scan).join('?') : '-'))

test('a_code_alone_in_two_frames_is_taken_once_until_it_was_gone', () => {
  const eye = new StreamEye()
  assert.deepEqual(watch(eye, [[A], [], [A], [A], [A], [], [A], [A]]), ['-', '-', '-', 'A', '-', '-', '-', '-'])
  assert.deepEqual(watch(eye, [[], [A], [A]], 800 + GONE_MS), ['-', '-', 'A'])
})

test('two_codes_in_view_ask_once_and_one_missed_for_a_frame_is_not_the_other_alone', () => {
  const eye = new StreamEye()
  assert.deepEqual(watch(eye, [[B, A], [A, B]]), ['-', 'A?B'])
  eye.chosen(A)
  assert.deepEqual(watch(eye, [[A, B], [B], [B], [A, B], [A, B]], 200), ['-', '-', '-', '-', '-'], 'they were asked about')
  const alone = Array.from({ length: ALONE_FRAMES }, () => [B])
  assert.deepEqual(watch(eye, alone, 700), ['-', '-', '-', 'B'], 'aimed at alone, the other counts as well')
  assert.deepEqual(watch(eye, [[A, B], [A, B]], 1200), ['-', '-'], 'both were taken')
})

let cloud, agent, browser, page, film, hand, goods

before(async () => {
  cloud = await startCloud()
  const place = await plant(cloud)
  await place.person('wang', '王芳', 'operator')
  goods = await printed(cloud, place, 'PO-1', place.beer, 'L1')
  agent = await startAgent(cloud, await place.device('PDA-1'))
  film = makeFilm([[goods.units[0]], goods.units])
  browser = await openBrowser(undefined, film.path)
  page = browser.page
  await relaxKeyLimit(page)
  hand = scanning(page, wedge)
  await page.goto(agent.url)
  await hand.signIn('wang', 1)
  await hand.open('pack', 'ST*1*')
})

after(async () => {
  await browser?.close()
  await agent?.stop()
  await cloud?.stop()
  film?.remove()
})

const TWICE = /扫了两次|重复扫/
const counter = (n) => page.waitForFunction((n) => document.querySelector('.counter-number')?.textContent === String(n), n)

test('what_the_camera_sees_alone_is_scanned_once', async () => {
  await page.click('[data-act=camera]')
  await page.waitForSelector('[data-camera][data-phase=on]')
  await counter(1)
  await shoot(page, 'camera-stream')
  assert.deepEqual(await faults(page), [])
})

test('two_labels_in_view_ask_which_and_a_number_key_answers', async () => {
  await page.waitForSelector('[data-which]')
  assert.equal(await page.$$eval('.which-mark', (marks) => marks.length), 2)
  await shoot(page, 'camera-which')
  assert.deepEqual(await faults(page), [])
  await hand.refused(goods.units[0], TWICE)
  assert.equal(await page.textContent('.counter-number'), '1')
  await page.keyboard.press('2')
  await counter(2)
  await page.waitForSelector('[data-which]', { state: 'detached' })
})

test('a_stream_that_runs_does_not_hold_a_scan_up', async () => {
  await page.waitForSelector('[data-camera][data-phase=on]')
  const asked = performance.now()
  await hand.refused(goods.units[0], TWICE)
  const took = performance.now() - asked
  assert.ok(took < 3000, `${took} ms`)
})

test('a_photo_of_two_labels_asks_as_well', async () => {
  await page.reload()
  await page.click('[data-act=undo]')
  await counter(1)
  await page.click('[data-act=camera]')
  await page.waitForSelector('[data-camera]')
  const movie = readFileSync(film.path)
  const begin = movie.lastIndexOf(Buffer.from([0xff, 0xd8, 0xff]))
  await page.setInputFiles('[data-act=picture] input', { name: 'two.jpg', mimeType: 'image/jpeg', buffer: movie.subarray(begin) })
  await page.waitForSelector('[data-which]')
  await page.click('[data-choice="2"]')
  await counter(2)
  assert.deepEqual(browser.errors, [])
})
