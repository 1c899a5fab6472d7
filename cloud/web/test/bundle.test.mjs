// The consumer page stays small and old phones can read it.
import assert from 'node:assert/strict'
import { readFile, readdir } from 'node:fs/promises'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { parse } from 'acorn'

const LIMIT_BYTES = 30 * 1024
const dist = fileURLToPath(new URL('../dist/', import.meta.url))

async function files(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => `${entry.parentPath ?? entry.path}/${entry.name}`)
}

test('the consumer page with everything it loads is at most 30 KB compressed', async () => {
  let total = 0
  for (const file of await files(`${dist}consumer`)) total += gzipSync(await readFile(file)).length
  assert.ok(total > 500, `${total} bytes cannot be the whole page`)
  assert.ok(total <= LIMIT_BYTES, `${total} bytes compressed`)
})

test('every script of the consumer page is ES2017 and no module', async () => {
  const html = await readFile(`${dist}consumer/index.html`, 'utf8')
  assert.doesNotMatch(html, /type="?module/)
  assert.doesNotMatch(html, /<(?:script|link)[^>]+(?:src|href)="(?!data:)/, 'the page loads nothing else')
  const scripts = [...html.matchAll(/<script>([\s\S]*?)<\/script>/g)].map((match) => match[1])
  assert.equal(scripts.length, 1)
  for (const script of scripts) parse(script, { ecmaVersion: 2017, sourceType: 'script' })
})

test('the three applications are built, and no source names another host', async () => {
  for (const app of ['console', 'inspector', 'consumer']) {
    const html = await readFile(`${dist}${app}/index.html`, 'utf8')
    assert.match(html, /<html lang="zh-CN">/)
    for (const [, url] of html.matchAll(/(?:src|href)="([^"]+)"/g)) assert.ok(url.startsWith(`/${app}/assets/`) || url.startsWith('data:'), `${app} loads ${url}`)
  }
})
