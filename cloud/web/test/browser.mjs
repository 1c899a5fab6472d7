// A headless Chromium with a fresh profile; what it complained about is kept for the test to judge.
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { chromium } from 'playwright-core'

const ARGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']
const PATIENCE_MS = 15_000

function chromiumPath() {
  const named = process.env.CHROMIUM
  const path = named || (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'chromium')).find((file) => existsSync(file))
  if (path && existsSync(path)) return path
  throw new Error(named ? `there is no browser at ${named}, which CHROMIUM names` : 'no chromium found on PATH: apt-get install chromium, or name the browser in CHROMIUM')
}

export async function openBrowser(viewport) {
  const executablePath = chromiumPath()
  const profile = await mkdtemp(join(tmpdir(), 'sealtrace-chromium-'))
  const context = await chromium.launchPersistentContext(profile, {
    executablePath, headless: true, args: ARGS, viewport, serviceWorkers: 'block',
  })
  context.setDefaultTimeout(PATIENCE_MS)
  const page = context.pages()[0] ?? (await context.newPage())
  const complaints = []
  const hosts = new Set()
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`))
  page.on('console', (message) => {
    // A refused request is judged by the test that provoked it, through `refusals`.
    if (['error', 'warning'].includes(message.type()) && !message.text().startsWith('Failed to load resource')) complaints.push(`${message.type()}: ${message.text()}`)
  })
  const refusals = []
  page.on('response', (answer) => { if (answer.status() >= 400) refusals.push(`${answer.status()} ${new URL(answer.url()).pathname}`) })
  page.on('request', (request) => { const url = new URL(request.url()); if (url.protocol.startsWith('http')) hosts.add(url.host) })
  return {
    context, page, complaints, refusals, hosts,
    close: async () => {
      await context.close()
      await rm(profile, { recursive: true, force: true })
    },
  }
}

/** A key of the word files that reached the screen untranslated, like `order.empty`. */
export const RAW_KEY = /\b(?:app|menu|act|list|login|notFound|of|form|fault|resource|settings|audit|order|document|reassignment|trace|batch|diversion|device|page|error|verdict|operation|level|plan|finding|sighting|role|(?:item|order|document|task|device|reassignment)State|(?:document|task)Kind)\.[a-z][A-Za-z_]+\b/

export async function bodyText(page) {
  return (await page.locator('body').innerText()).replaceAll(' ', ' ')
}

/** Keeps a picture of the screen when SEALTRACE_SCREENS names a folder. */
export async function shoot(page, name) {
  const folder = process.env.SEALTRACE_SCREENS
  if (!folder) return
  await mkdir(folder, { recursive: true })
  await page.waitForTimeout(400)
  await page.screenshot({ path: join(folder, `${name}.png`) })
}
