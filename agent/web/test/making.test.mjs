// Making and mending packages on the real page, the real agent and the real cloud: everything a person does is a typed
// scan, but for the fields of a form and of an approval.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { boxes, faults, openBrowser, relaxKeyLimit, shoot, wedge } from './browser.mjs'
import { delivered, PIN, plant, scanning } from './plant.mjs'
import { startAgent, startCloud } from './programs.mjs'

const CHAIN = { perCase: 3, cases: 48 }
let cloud, agent, browser, page, at, hand
/** Labels by order, each taken once from the front. */
const rolls = {}

/** An order released to the PDA, with its labels as printed. */
async function order(number, product, lot, quantity, codes) {
  const made = await at.create('/orders', { number, product: product.id, lot, quantity })
  await at.create(`/orders/${made.id}/codes`, codes)
  const roll = async (level) => (await cloud.call('GET', `/orders/${made.id}/rolls/${level}`)).trim().split(/\r?\n/)
  rolls[number] = { id: made.id }
  for (const [name, level] of [['units', 'unit'], ['boxes', 'box'], ['cases', 'case'], ['pallets', 'pallet']]) {
    if (codes[name]) rolls[number][name] = await roll(level)
  }
  await at.create(`/orders/${made.id}/release`, { tasks: [{ site: at.factory.id, kind: 'device', quantity }] })
}
const units = (number, count) => rolls[number].units.splice(0, count)
const label = (number, level) => rolls[number][level].shift()
const produced = async (number) => (await cloud.call('GET', `/orders/${rolls[number].id}`)).produced

before(async () => {
  cloud = await startCloud()
  at = await plant(cloud, { implied_receipt: true })
  await at.person('wang', '王芳', 'operator')
  await at.person('li', '李强', 'supervisor')
  const plan = (...steps) => ({ plan: steps.map(([level, holds]) => ({ level, holds })) })
  const milk = await at.product('纯牛奶', '04901234567894', plan(['case', 3], ['pallet', 2]))
  const wine = await at.product('礼盒白酒', '09501101530003', plan(['box', 2], ['case', 2], ['pallet', 2]))
  const juice = await at.product('橙汁', '08712345678906', plan(['case', CHAIN.perCase], ['pallet', CHAIN.cases]))
  const token = await at.device('PDA-1')
  await order('MILK', milk, 'L1', 30, { units: 40, cases: 14, pallets: 4 })
  await order('MILK-2', milk, 'L2', 6, { units: 8, cases: 2 })
  await order('WINE', wine, 'W1', 8, { units: 8, boxes: 4, cases: 2, pallets: 1 })
  const all = CHAIN.perCase * CHAIN.cases
  await order('JUICE', juice, 'J1', all, { units: all, cases: CHAIN.cases, pallets: 1 })
  agent = await startAgent(cloud, token)
  browser = await openBrowser()
  page = browser.page
  page.setDefaultTimeout(8000)
  await relaxKeyLimit(page)
  hand = scanning(page, wedge)
  await page.goto(agent.url)
  await hand.signIn('wang', 1)
})

after(async () => {
  await browser?.close()
  await agent?.stop()
  await cloud?.stop()
})

const counter = (n) => page.waitForFunction((n) => document.querySelector('.counter-number')?.textContent === String(n), n)
const progress = () => page.textContent('[data-header] [data-progress]')
/** Every one of these counts. */
async function accepted(...texts) {
  for (const text of texts) assert.match(await hand.scan(text), /accepted|warning/, `${text}: ${await hand.said().catch(() => '')}`)
}
/** Opens a packing screen for the task of an order, by the number that stands beside it. */
async function openFor(screen, number) {
  await wedge(page, `ST*${screen.toUpperCase()}*`)
  await page.waitForSelector('[data-what=task]')
  const row = await page.waitForSelector(`[data-task]:has-text("${number}") [data-nth]`)
  await wedge(page, `ST*${await row.getAttribute('data-nth')}*`)
  await page.waitForSelector(`.scan[data-screen=${screen}]`)
}
async function withoutTask(screen) {
  await wedge(page, `ST*${screen.toUpperCase()}*`)
  await page.waitForSelector('[data-what=task]')
  await wedge(page, 'ST*0*')
  await page.waitForSelector(`.scan[data-screen=${screen}]`)
}
/** Packs a case of milk; its bottles and its label. */
async function milkCase() {
  const bottles = units('MILK', 3)
  const code = label('MILK', 'cases')
  await accepted(...bottles, code)
  return { bottles, code }
}
/** What a supervisor does when asked: the badge, and the PIN. */
async function approve() {
  await page.waitForSelector('[data-dialog=approve]')
  await wedge(page, 'li')
  await page.waitForFunction(() => document.activeElement.id === 'approve-pin')
  await wedge(page, PIN)
  await page.waitForSelector('[data-dialog=approve]', { state: 'detached' })
}

test('bottles_are_registered_as_they_are_made_without_a_package', async () => {
  await openFor('commission', 'MILK-2')
  const [first, second] = rolls['MILK-2'].units
  await accepted(first, second)
  await counter(2)
  assert.match(await page.textContent('[data-parent]'), /待确认 2/)
  await wedge(page, 'ST*UNDO*')
  await counter(1)
  await accepted(second)
  assert.equal(await hand.scan('ST*CONFIRM*'), 'accepted')
  await page.waitForFunction(() => document.querySelector('[data-progress]').textContent === '2 / 6')
  await hand.refused(first, /已经用过|扫了两次/)
  assert.equal(await hand.scan('ST*UNDO*'), 'accepted')
  await page.waitForFunction(() => document.querySelector('[data-progress]').textContent === '0 / 6')
  await accepted(first, second)
  await hand.scan('ST*CONFIRM*')
  await shoot(page, 'making-commission')
  await hand.back()
})

test('all_levels_are_packed_in_one_flow_and_any_level_alone', async () => {
  await openFor('pack', 'WINE')
  const made = Array.from({ length: 4 }, () => label('WINE', 'boxes'))
  for (const code of made) await accepted(...units('WINE', 2), code)
  assert.equal(await progress(), '8 / 8')
  const outer = [label('WINE', 'cases'), label('WINE', 'cases')]
  await accepted(made[0], made[1], outer[0], made[2], made[3], outer[1])
  await hand.back()
  await withoutTask('pack')
  await accepted(...outer, label('WINE', 'pallets'))
  assert.equal(await hand.scan('ST*CONFIRM*'), 'accepted')
  await hand.back()
  await delivered(agent)
  const { units: bottles, boxes: inBoxes, cases, pallets } = await produced('WINE')
  assert.deepEqual([bottles, inBoxes, cases, pallets], [8, 4, 2, 1])
})

const milk = []

test('a_case_is_packed_label_first_or_last_and_cases_stand_on_a_pallet', async () => {
  await openFor('pack', 'MILK')
  const empty = await boxes(page)
  milk.push(await milkCase())
  const bottles = units('MILK', 3)
  const code = label('MILK', 'cases')
  await accepted(code, ...bottles)
  milk.push({ bottles, code })
  await counter(0)
  assert.equal(await progress(), '6 / 30')
  assert.equal(await boxes(page), empty, 'nothing moved')
  for (let i = 0; i < 5; i += 1) milk.push(await milkCase())
  await hand.back()
  await withoutTask('pack')
  await accepted(milk[0].code, label('MILK', 'pallets'))
  assert.equal(await hand.scan('ST*CONFIRM*'), 'accepted')
  await shoot(page, 'making-pallet')
  await hand.back()
})

test('without_an_order_a_task_is_opened_on_the_floor', async () => {
  await wedge(page, 'ST*TASK*')
  await page.waitForSelector('[data-product]')
  const row = await page.waitForSelector('[data-product]:has-text("纯牛奶") [data-nth]')
  await wedge(page, `ST*${await row.getAttribute('data-nth')}*`)
  await page.waitForSelector('#task-lot')
  await wedge(page, 'ST*CONFIRM*')
  await page.waitForSelector('text=必填')
  await wedge(page, 'L9')
  await page.waitForFunction(() => document.querySelector('#task-lot').value === 'L9')
  await wedge(page, 'ST*CONFIRM*')
  await page.waitForSelector('.scan[data-screen=pack]')
  assert.match(await page.textContent('[data-header]'), /纯牛奶.*AD-.*批次 L9/s)
  await accepted(...units('MILK', 3), label('MILK', 'cases'))
  assert.equal(await progress(), '3')
  await shoot(page, 'making-own-task')
  await hand.back()
})

test('more_goes_into_a_package_and_a_package_goes_under_another', async () => {
  const [child] = milk[2].bottles
  await wedge(page, 'ST*UNPACK*')
  await page.waitForSelector('.scan[data-screen=unpack]')
  assert.equal(await hand.scan(child), 'accepted')
  await hand.back()
  await openFor('add_to', 'MILK')
  await accepted(milk[2].code)
  await counter(2)
  assert.equal(await hand.scan(child), 'accepted')
  await counter(0)
  await hand.back()
  await withoutTask('add_to')
  await accepted(milk[1].code)
  await shoot(page, 'making-add-to')
  assert.equal(await hand.scan(label('MILK', 'pallets')), 'accepted')
  await hand.back()
})

test('a_package_is_opened_whole_and_the_opening_is_taken_back', async () => {
  await wedge(page, 'ST*UNPACK*')
  await page.waitForSelector('.scan[data-screen=unpack]')
  await accepted(milk[3].code)
  assert.match(await page.textContent('[data-believed]'), /3\s*\/ 3/)
  await page.reload()
  await counter(1)
  assert.equal(await hand.scan('ST*CONFIRM*'), 'accepted')
  assert.equal(await hand.scan('ST*UNDO*'), 'accepted')
  await hand.back()
})

test('a_label_is_replaced_read_or_unreadable', async () => {
  await hand.open('relabel', 'ST*1*')
  const fresh = label('MILK', 'cases')
  await accepted(milk[3].code, fresh)
  milk[3].code = fresh
  await hand.back()
  await hand.open('relabel', 'ST*2*')
  const [lost, ...others] = milk[4].bottles
  await accepted(...others)
  assert.match(await hand.said(), /旧标签是/)
  await shoot(page, 'making-relabel-unreadable')
  const [bottle] = units('MILK', 1)
  assert.equal(await hand.scan(bottle), 'accepted')
  milk[4].bottles = [bottle, ...others]
  await hand.back()
  await wedge(page, 'ST*LOOKUP*')
  await page.waitForSelector('.scan[data-screen=lookup]')
  await hand.scan(lost)
  assert.match(await page.textContent('[data-item]'), /标签已替换/)
  await hand.back()
})

test('a_package_is_verified_and_what_differs_is_listed', async () => {
  await wedge(page, 'ST*VERIFY*')
  await page.waitForSelector('.scan[data-screen=verify]')
  await accepted(milk[4].code, milk[4].bottles[0], milk[4].bottles[1])
  assert.equal(await hand.scan(milk[5].bottles[0]), 'warning')
  assert.match(await page.textContent('[data-side=missing]'), /缺少 1/)
  assert.match(await page.textContent('[data-side=foreign]'), /多出 1/)
  await shoot(page, 'making-verify')
  assert.deepEqual(await faults(page), [])
  assert.equal(await hand.scan('ST*CONFIRM*'), 'warning')
  await accepted(milk[4].code, ...milk[4].bottles)
  assert.equal(await hand.scan('ST*CONFIRM*'), 'accepted')
  await hand.back()
})

test('loose_bottles_of_opened_packages_become_a_new_one', async () => {
  await wedge(page, 'ST*UNPACK*')
  await page.waitForSelector('.scan[data-screen=unpack]')
  await accepted(milk[5].code)
  await hand.scan('ST*CONFIRM*')
  await hand.back()
  await openFor('regroup', 'MILK')
  const code = label('MILK', 'cases')
  await accepted(...milk[5].bottles.slice(0, 2), milk[6].bottles[0], code)
  await counter(0)
  await shoot(page, 'making-regroup')
  await hand.back()
})

test('a_short_case_and_a_mixed_one_need_a_supervisor', async () => {
  await openFor('pack', 'MILK')
  await accepted(...units('MILK', 2), label('MILK', 'cases'))
  assert.equal(await hand.scan('ST*CLOSE*'), 'warning')
  assert.match(await page.textContent('[data-dialog=approve]'), /没有装满/)
  await shoot(page, 'making-approve')
  assert.deepEqual(await faults(page), [])
  await approve()
  await counter(0)
  const [other] = rolls['MILK-2'].units
  const [bottle] = units('MILK', 1)
  await accepted(bottle)
  await hand.refused(other, /批次不对/)
  assert.equal(await hand.scan('ST*MIX*'), 'warning')
  await approve()
  await page.waitForSelector('[data-act=mix][aria-pressed=true]')
  await accepted(other, ...units('MILK', 1), label('MILK', 'cases'))
  await page.waitForSelector('[data-act=mix][aria-pressed=false]')
  await hand.back()
  await delivered(agent)
})

test('goods_are_sampled_and_destroyed_for_a_reason', async () => {
  await hand.open('sample', 'ST*1*')
  assert.match(await page.textContent('[data-header]'), /检验/)
  await accepted(milk[6].bottles[1])
  assert.match(await hand.scan('ST*CONFIRM*'), /accepted|warning/)
  await hand.back()
  await hand.open('destroy', 'ST*2*')
  await accepted(milk[5].bottles[2])
  assert.match(await hand.scan('ST*CONFIRM*'), /accepted|warning/)
  await hand.refused(milk[6].bottles[1], /已经取样/)
  await shoot(page, 'making-destroy')
  await hand.back()
})

test('labels_that_are_on_no_goods_are_written_off_by_the_two_ends_of_their_strip', async () => {
  const strip = rolls.MILK.units.splice(-3)
  await hand.open('write_off', 'ST*1*')
  assert.match(await page.textContent('[data-prompt]'), /第一个（报废）/)
  await accepted(strip[0])
  await accepted(strip[2])
  assert.match(await hand.said(), /3 个标签已核销（报废）。本卷 40 个，本机核销：报废 3，退回 0/)
  await hand.refused(strip[1], /已核销，不能再用/)
  await shoot(page, 'making-write-off')
  await hand.back()
  await delivered(agent)
  const { rows } = await cloud.call('GET', `/reconciliation?order=${rolls.MILK.id}&level=unit`)
  const [roll] = rows
  assert.ok(roll.scrapped >= 3 && roll.sampled >= 1, JSON.stringify(roll))
  assert.equal(roll.applied + roll.scrapped + roll.sampled + roll.returned + roll.void + roll.unaccounted, 40)
})

test('forty_eight_cases_and_their_pallet_are_made_without_touching_the_screen', async () => {
  await openFor('pack', 'JUICE')
  await page.evaluate(() => {
    window.touches = 0
    for (const name of ['pointerdown', 'touchstart', 'mousedown']) document.addEventListener(name, () => (window.touches += 1), true)
  })
  for (let i = 0; i < CHAIN.cases; i += 1) await accepted(...units('JUICE', CHAIN.perCase), rolls.JUICE.cases[i])
  const all = CHAIN.perCase * CHAIN.cases
  assert.equal(await progress(), `${all} / ${all}`)
  await accepted(...rolls.JUICE.cases, label('JUICE', 'pallets'))
  await counter(0)
  await shoot(page, 'making-chain')
  await hand.back()
  assert.equal(await page.evaluate(() => window.touches), 0)
  await delivered(agent)
  const { units: bottles, cases, pallets } = await produced('JUICE')
  assert.deepEqual([bottles, cases, pallets], [all, CHAIN.cases, 1])
  const { rows } = await (await page.request.get(`${agent.url}api/exceptions`)).json()
  assert.deepEqual(rows.filter((row) => row.kind !== 'refused'), [], 'the cloud found nothing that the device had not')
  assert.deepEqual(browser.errors, [])
})
