// Pictures of every page, for eyes: kept when SEALTRACE_SCREENS names a folder. Asserts only what a picture cannot hide, like sideways scrolling.
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { openBrowser } from './browser.mjs'
import { ADMIN, furnish, startCloud } from './cloud.mjs'

let cloud
let world
let folder

before(async () => {
  cloud = await startCloud()
  world = await furnish(cloud.base)
  folder = process.env.SEALTRACE_SCREENS ?? (await mkdtemp(join(tmpdir(), 'sealtrace-screens-')))
  await mkdir(folder, { recursive: true })
})
after(async () => {
  await cloud?.stop()
  if (folder && !process.env.SEALTRACE_SCREENS) await rm(folder, { recursive: true, force: true })
})

async function picture(page, name) {
  await page.waitForLoadState('networkidle')
  await page.waitForTimeout(400)
  const path = join(folder, `${name}.png`)
  await page.screenshot({ path })
  assert.ok((await stat(path)).size > 4_000, `${name} is blank`)
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  assert.ok(wider <= 0, `${name} scrolls sideways by ${wider} px`)
}

for (const [size, viewport] of [['wide', { width: 1440, height: 900 }], ['narrow', { width: 1024, height: 768 }]]) test(`console pages, ${size}`, async () => {
  const browser = await openBrowser(viewport)
  const { page } = browser
  try {
    await page.goto(`${cloud.base}/console/`)
    await page.waitForSelector('#login')
    await picture(page, `console-login-${size}`)
    await page.fill('#login', ADMIN.login)
    await page.fill('#password', ADMIN.password)
    await page.keyboard.press('Enter')
    await page.waitForSelector('.el-table__row')
    const { order, document, product, dealer } = world
    const lists = ['brands', 'categories', 'products', 'sites', 'dealers', 'stores', 'operators', 'lots', 'accounts', 'orders', 'documents', 'reassignments', 'trace', 'diversion', 'devices', 'settings', 'audit']
    const paths = {
      ...Object.fromEntries(lists.map((name) => [name, `/${name}`])), lost: '/nowhere', order: `/orders/${order.id}`, document: `/documents/${document.id}`,
      'product-form': `/products?id=${product.id}`, 'dealer-form': `/dealers?id=${dealer.id}`, 'dealer-new': '/dealers?new=1', 'operator-new': '/operators?new=1', 'order-new': '/orders?new=1', 'order-edit': `/orders/${order.id}?form=edit`,
      'order-codes': `/orders/${order.id}?form=codes`, 'order-release': `/orders/${order.id}?form=release`, 'document-new': '/documents?new=transfer', 'document-share': `/documents/${document.id}?form=share`,
    }
    for (const language of ['zh', 'en']) {
      for (const [name, path] of Object.entries(paths)) {
        await page.goto(`${cloud.base}/console${path}`)
        await page.waitForSelector('h1')
        await picture(page, `console-${name}-${language}-${size}`)
      }
      await page.evaluate(() => document.querySelector('[data-test=language]').click())
    }
  } finally {
    await browser.close()
  }
})

test('phone pages at phone size', async () => {
  const browser = await openBrowser({ width: 360, height: 640 })
  const { page } = browser
  try {
    await page.goto(`${cloud.base}/7KQ2M8X4TJ0WB5NRA`)
    await page.waitForSelector('[data-verdict=unknown]')
    await picture(page, 'consumer-unknown')
    const printed = world.printed[0]
    await page.goto(cloud.base + (/^https?:/i.test(printed) ? new URL(printed).pathname : `/${printed}`))
    await page.waitForSelector('[data-verdict=pending]')
    await picture(page, 'consumer-pending')
    await page.goto(`${cloud.base}/inspector/`)
    await page.waitForSelector('#login')
    await picture(page, 'inspector-login')
    await page.fill('#login', world.inspector.login)
    await page.fill('#password', world.inspector.password)
    await page.click('.main')
    await page.waitForSelector('#code')
    await picture(page, 'inspector')
  } finally {
    await browser.close()
  }
})
