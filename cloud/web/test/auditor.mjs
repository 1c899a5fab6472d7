// The auditor's walk through a world where the main job has run: `node test/auditor.mjs '<places>'`, places as `demo --json` prints them.
// Order, life of a suspected bottle, the signed batch behind a step, why it is suspected, English; then what consumers see.
import assert from 'node:assert/strict'
import { pathToFileURL } from 'node:url'

/** A walk that takes longer has got stuck. */
const WALK_MS_MAX = 240_000
const FORGED = '9ZZZZZZZZZZZZZZZZ'
const DESK = { width: 1366, height: 768 }
const PHONE = { width: 360, height: 640 }
const HAN = /[一-鿿]/

/** Walks through the pages of `places`; throws at the first thing that is not as it must be. Answers what was looked at. */
export async function walk(places, tools) {
  const seen = []
  let sold
  const look = async (page, name) => {
    await tools.shoot(page, name)
    seen.push(name)
  }
  await inBrowser(tools, DESK, async (browser) => {
    await order(browser.page, places, look)
    await life(browser.page, places, look)
    await diversion(browser.page, places, look)
    await inEnglish(browser.page, places, tools, look)
    sold = await soldBottle(browser.page, places)
    clean(browser)
  })
  await inBrowser(tools, PHONE, async (browser) => {
    await consumers(browser.page, places, sold, tools, look)
    clean(browser)
  })
  return seen
}

async function inBrowser(tools, viewport, body) {
  const browser = await tools.openBrowser(viewport)
  try {
    await body(browser)
  } finally {
    await browser.close()
  }
}

function clean(browser) {
  assert.deepEqual(browser.complaints, [], 'the pages complained')
  assert.deepEqual(browser.refusals, [], 'the cloud refused something')
}

/** Signs in and finds the order finished: every bottle, case and pallet that was made. */
async function order(page, places, look) {
  await page.goto(`${places.cloud}/console/`)
  await page.fill('#login', 'auditor')
  await page.fill('#password', places.password)
  await page.keyboard.press('Enter')
  await page.locator('.el-table__row', { hasText: places.shown.order }).waitFor()
  await look(page, 'orders')
  await page.locator('.el-table__row a', { hasText: places.shown.order }).click()
  await page.waitForSelector(`h1:has-text("${places.shown.order}")`)
  for (const level of ['unit', 'case', 'pallet']) {
    const text = await page.locator(`[data-level=${level}]`).innerText()
    const [, produced] = text.replace(/\s+/g, ' ').match(/([\d,]+) \/ [\d,]+/) ?? []
    assert.ok(Number(produced?.replaceAll(',', '')) > 0, `no progress of ${level}: ${text}`)
  }
  await look(page, 'order')
}

/** Traces the suspected bottle: packed, stacked, received, shipped, seen; the batch behind its packing is verified. */
async function life(page, { shown }, look) {
  await page.locator('.side').getByText('追溯查询').click()
  await page.fill('input[data-query]', shown.suspected)
  await page.keyboard.press('Enter')
  await page.waitForSelector('[data-test=code]')
  assert.equal(await page.innerText('[data-test=code]'), shown.suspected)
  const tree = await page.locator('.tree').innerText()
  for (const outer of [shown.case, shown.pallet]) assert.ok(tree.includes(outer), `${outer} is not above the bottle`)
  await page.waitForSelector('.step[data-kind=ship]')
  const kinds = await page.locator('.step').evaluateAll((steps) => steps.map((step) => step.dataset.kind))
  assert.deepEqual(kinds, ['pack', 'pack', 'receive', 'ship'], 'the bottle’s life')
  await page.locator('.sighting.outside').first().waitFor()
  await look(page, 'trace')
  const proofs = page.locator('.step .proof')
  for (let n = 0; n < (await proofs.count()); n += 1) {
    await proofs.nth(n).click()
    await page.waitForSelector('[data-test=stamp]')
    assert.equal(await page.locator('[data-test=stamp].bad').count(), 0, `the batch behind step ${n + 1} is not verified`)
    assert.match(await page.innerText('[data-test=stamp]'), /验签通过/)
    assert.equal(await page.locator('.el-table__row.here').count(), 1, `the batch does not show step ${n + 1}`)
    if (n === 0) await look(page, 'batch')
    await page.keyboard.press('Escape')
    await page.waitForSelector('[data-test=stamp]', { state: 'detached' })
  }
}

/** From the sighting to the list, and why this bottle is on it. */
async function diversion(page, { shown }, look) {
  await page.locator('.sighting.outside a').first().click()
  await page.waitForURL(/\/console\/diversion\?code=/)
  await reasons(page, shown, look)
  await page.keyboard.press('Escape')
  await page.waitForSelector('[data-test=why]', { state: 'hidden' })
  await page.waitForSelector('.el-table__row')
  await look(page, 'diversion')
  await page.click(`[data-open="${shown.suspected}"]`)
  await page.waitForSelector('[data-test=why]')
}

async function reasons(page, shown, look) {
  const why = await page.innerText('[data-test=why]')
  for (const expected of [shown.suspected, '南京市', '镇江市', '上海市', 'OUT-1', '南京金陵商贸']) assert.ok(why.includes(expected), `${expected} is missing in: ${why}`)
  const facts = await page.locator('.el-drawer .facts').innerText()
  assert.match(facts, /授权区域[\s\S]*南京市、镇江市/)
  assert.equal(await page.locator('.el-drawer .sightings li.out').count(), 1)
  await look(page, 'suspect')
}

/** The same pages in English: no key of the word files, and no Chinese but names people gave. */
async function inEnglish(page, { cloud, shown }, { bodyText, RAW_KEY }, look) {
  await page.keyboard.press('Escape')
  await page.waitForSelector('.el-overlay', { state: 'hidden' })
  await page.click('[data-test=language]')
  await page.waitForSelector('h1:has-text("Suspected diversion")')
  const given = await givenNames(page)
  const trace = `/trace?text=${encodeURIComponent(shown.suspected)}`
  const batch = await page.evaluate((path) => fetch(`/api/v1${path}`).then((answer) => answer.json()).then(({ life: [step] }) => [step.device.id, step.epoch, step.batch].join('.')), trace)
  const pages = {
    orders: '/orders', order: '/orders/1', documents: '/documents', document: '/documents/1', trace, batch: `${trace}&batch=${batch}&seq=1`,
    case: `/trace?text=${encodeURIComponent(shown.case)}`, pending: `/trace?text=${encodeURIComponent(shown.pending)}`,
    diversion: '/diversion', suspect: `/diversion?code=${encodeURIComponent(shown.suspected)}`, devices: '/devices',
  }
  for (const [name, path] of Object.entries(pages)) {
    await page.goto(`${cloud}/console${path}`)
    await page.waitForSelector('h1')
    await page.waitForLoadState('networkidle')
    if (name === 'batch') await page.getByText('Signature verified').waitFor()
    if (name === 'suspect') await page.waitForSelector('[data-test=why]')
    await look(page, `${name}-en`)
    const text = await bodyText(page)
    assert.doesNotMatch(text, RAW_KEY, `${path} shows a key instead of words: ${text.match(RAW_KEY)?.[0]}`)
    const words = given.reduce((rest, one) => rest.replaceAll(one, ''), text)
    assert.doesNotMatch(words, HAN, `${path} still speaks Chinese: ${words.match(/.{0,20}[一-鿿]+.{0,20}/)?.[0]}`)
  }
}

/** Names, notes and the word for the other language: the only Chinese an English page may show. */
async function givenNames(page) {
  const named = await page.evaluate(async () => {
    const rows = async (path) => (await (await fetch(`/api/v1${path}`)).json()).rows
    const lists = await Promise.all(['/products', '/sites', '/dealers', '/devices'].map(rows))
    const suspects = await rows('/diversion/suspects?size=200')
    const { account } = await (await fetch('/api/v1/session')).json()
    return [...lists.flat().map((one) => one.name), ...suspects.flatMap((one) => one.sightings.map((seen) => seen.note)), account.name, account.name[0]]
  })
  return [...named, '李师傅', '管理员', '中文'].filter(Boolean).sort((a, b) => b.length - a.length)
}

/** The last bottle of the case: sold, and checked by nobody yet. */
async function soldBottle(page, { shown }) {
  const { children } = await page.evaluate((code) => fetch(`/api/v1/trace?text=${encodeURIComponent(code)}`).then((answer) => answer.json()), shown.case)
  return children.at(-1).code
}

/** What a bottle's QR opens: genuine, checked again, not applied yet, forged. */
async function consumers(page, { cloud, shown }, sold, { bodyText }, look) {
  for (const [code, verdict, zh, en] of [
    [sold, 'genuine', /正品[\s\S]*首次查询/, /Genuine[\s\S]*First check/],
    [shown.genuine, 'again', /正品码，已被查询过/, /Genuine code, checked before/],
    [shown.pending, 'pending', /真码，登记中/, /Our code, being registered/],
    [FORGED, 'unknown', /查不到这个码/, /Code not found/],
  ]) {
    await page.goto(`${cloud}/${code}`)
    await page.waitForSelector(`[data-verdict=${verdict}]`)
    const text = await bodyText(page)
    assert.match(text, zh)
    assert.doesNotMatch(text, /假/)
    if (verdict === 'again') for (const fact of ['晨泉啤酒 500 ml', 'L20261120', shown.genuine, '南京市']) assert.ok(text.includes(fact), `${fact} is missing`)
    await look(page, `consumer-${verdict}`)
    await page.click('#language')
    assert.match(await bodyText(page), en)
    await look(page, `consumer-${verdict}-en`)
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false, `${verdict} scrolls sideways`)
    await page.click('#language')
  }
}

/** Run by itself: says what was looked at, or what was wrong. */
async function main() {
  const [text] = process.argv.slice(2)
  if (!text) throw new Error("usage: node test/auditor.mjs '<the line of places that demo --json --anywhere prints>'")
  const tools = await import('./browser.mjs').catch((cause) => {
    throw new Error(`the browser's driver cannot be loaded; run \`npm ci\` in cloud/web (${cause.message})`)
  })
  setTimeout(() => {
    process.stderr.write(`the walk is not done after ${WALK_MS_MAX / 1000} s\n`)
    process.exit(1)
  }, WALK_MS_MAX).unref()
  const seen = await walk(JSON.parse(text), tools)
  process.stdout.write(`${seen.length} views looked at: ${seen.join(' ')}\n`)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  main().catch((error) => {
    // What is missing here needs no stack; what was found in the pages does.
    const where = error.name === 'Error' ? [] : (error.stack ?? '').split('\n').filter((line) => /^ +at .*auditor\.mjs/.test(line))
    process.stderr.write(`${[error.message, ...where].join('\n')}\n`)
    process.exitCode = 1
  })
}
