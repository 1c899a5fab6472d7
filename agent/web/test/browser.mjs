// A headless Chromium with a profile of its own, and the checks every screen must pass.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'

const ARGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']
export const PDA = { width: 360, height: 640 }

/** Opens a browser, with a film for a camera where one is named; `close` ends it and removes its profile. */
export async function openBrowser(viewport = PDA, film = null) {
  const profile = mkdtempSync(join(tmpdir(), 'sealtrace-chromium-'))
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    args: film === null ? ARGS : [...ARGS, '--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream', `--use-file-for-fake-video-capture=${film}`],
    headless: true,
    viewport,
    hasTouch: true,
    deviceScaleFactor: 2,
  })
  const page = context.pages()[0] ?? (await context.newPage())
  const errors = []
  page.on('pageerror', (error) => errors.push(String(error)))
  return {
    page,
    errors,
    async close() {
      await context.close()
      rmSync(profile, { recursive: true, force: true })
    },
  }
}

/** Types as a scanner does: every character at once, then Enter. */
export async function wedge(page, text, end = 'Enter') {
  await page.keyboard.type(text)
  await page.keyboard.press(end)
}

/** A busy build machine may delay keys: the limit itself is tested in input.test.mjs. */
export async function relaxKeyLimit(page) {
  await page.addInitScript(() => {
    if (location.protocol.startsWith('http') && !localStorage.getItem('sealtrace.scanner')) localStorage.setItem('sealtrace.scanner', JSON.stringify({ interKeyMs: 1500 }))
  })
}

/** Keeps a picture of the screen when SEALTRACE_SCREENS names a folder. */
export async function shoot(page, name) {
  const folder = process.env.SEALTRACE_SCREENS
  if (!folder) return
  mkdirSync(folder, { recursive: true })
  await page.screenshot({ path: join(folder, `${name}.png`) })
}

/** Text below 7:1, targets below 48 px, and anything wider than the screen; empty when all is well. */
export function faults(page) {
  return page.evaluate(() => {
    const found = []
    const channel = (c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    const luminance = ([r, g, b]) => 0.2126 * channel(r / 255) + 0.7152 * channel(g / 255) + 0.0722 * channel(b / 255)
    const parts = (css) => css.match(/[\d.]+/g).map(Number)
    const ground = (element) => {
      for (let at = element; at; at = at.parentElement) {
        const rgba = parts(getComputedStyle(at).backgroundColor)
        if (rgba.length < 4 || rgba[3] === 1) return rgba.slice(0, 3)
      }
      return [255, 255, 255]
    }
    const isShown = (element) => {
      const box = element.getBoundingClientRect()
      if (box.width === 0 || box.height === 0) return false
      const x = Math.min(innerWidth - 1, Math.max(0, box.left + box.width / 2))
      const y = Math.min(innerHeight - 1, Math.max(0, box.top + box.height / 2))
      const top = document.elementFromPoint(x, y)
      return top !== null && (element.contains(top) || top.contains(element))
    }
    for (const element of document.querySelectorAll('#app *')) {
      if (element.matches('.sink, option') || !isShown(element)) continue
      const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== '')
      if (own && !element.disabled) {
        const a = luminance(parts(getComputedStyle(element).color).slice(0, 3))
        const b = luminance(ground(element))
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
        if (ratio < 7) found.push(`contrast ${ratio.toFixed(1)}: ${element.className} ${element.textContent.trim().slice(0, 30)}`)
      }
      if (element.matches('button, a, input:not([type=file]), label.action')) {
        const box = element.getBoundingClientRect()
        const least = element.matches('.action, .button-main, .overlay-button') && !element.matches('.action-small') ? 64 : 48
        if (box.height < least || box.width < 48) found.push(`target ${box.width}×${box.height}: ${element.className} ${element.textContent.trim()}`)
      }
      if (element.matches('.action, .tile span, .badge, h1, .button') && element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).display !== 'inline') {
        found.push(`cut text: ${element.className} ${element.textContent.trim()}`)
      }
    }
    if (document.documentElement.scrollWidth > innerWidth) found.push(`page is ${document.documentElement.scrollWidth} px wide`)
    return found
  })
}

/** Where the boxes of the scan page are: equal before and after a scan means nothing jumped. */
export function boxes(page) {
  return page.evaluate(() =>
    ['.topbar', '[data-header]', '.feedback', '[data-prompt]', '[data-counter]', '[data-parent]', '[data-last]', '.actions', '[data-act=confirm]', '[data-act=undo]']
      .map((selector) => {
        const box = document.querySelector(selector)?.getBoundingClientRect()
        return box ? `${selector} ${box.left},${box.top} ${box.width}×${box.height}` : `${selector} absent`
      })
      .join('\n'),
  )
}
