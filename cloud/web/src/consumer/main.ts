// The page a bottle's QR opens: asks the cloud once, says genuine, pending or unknown, then the facts.
import { minute } from '@shared/format'
import { saveLocale, savedLocale } from '@shared/locale'
import type { Verification } from '@shared/shapes'
import { words, type Locale } from './words'

const REQUEST_TIMEOUT_MS = 15000
const CHECK = '<svg viewBox="0 0 92 92"><path d="M25 47l14 15 28-32"/></svg>'
const MARKS: Record<string, string> = {
  genuine: CHECK,
  again: CHECK,
  pending: '<svg viewBox="0 0 92 92"><path d="M46 26v22l13 9"/></svg>',
  void: '<svg viewBox="0 0 92 92"><path d="M30 30l32 32M62 30L30 62"/></svg>',
  unknown: '<svg viewBox="0 0 92 92"><path d="M34 37c0-16 25-16 25-1 0 10-13 10-13 19M46 67v.5"/></svg>',
  failed: '<svg viewBox="0 0 92 92"><path d="M46 26v26M46 66v.5"/></svg>',
}

type State = { kind: 'wait' } | { kind: 'failed'; busy: boolean } | { kind: 'answer'; answer: Verification }

let locale: Locale = savedLocale()
let state: State = { kind: 'wait' }

/** What was scanned: this page's own address, without what the page itself put there. */
function scanned(): string {
  return location.origin + location.pathname + location.search
}

function element(id: string): HTMLElement {
  const found = document.getElementById(id)
  if (!found) throw new Error(`the page has no #${id}`)
  return found
}

function add(parent: Node, tag: string, text: string, name = ''): HTMLElement {
  const made = document.createElement(tag)
  made.textContent = text
  if (name) made.className = name
  parent.appendChild(made)
  return made
}

function look(): string {
  if (state.kind !== 'answer') return state.kind
  return state.answer.verdict === 'genuine' && state.answer.nth > 1 ? 'again' : state.answer.verdict
}

function draw(): void {
  const say = words[locale]
  const kind = look() as 'wait' | 'failed' | 'genuine' | 'again' | 'pending' | 'void' | 'unknown'
  document.title = kind === 'wait' ? say.brand : `${say[kind]} · ${say.brand}`
  document.documentElement.lang = locale
  element('brand').textContent = say.brand
  const other = element('language')
  other.textContent = say.other
  other.lang = locale === 'en' ? 'zh-CN' : 'en'

  const page = document.createDocumentFragment()
  const verdict = add(page, 'section', '', `verdict ${kind}`)
  verdict.setAttribute('data-verdict', kind)
  const mark = add(verdict, 'div', '', 'mark')
  mark.setAttribute('aria-hidden', 'true')
  mark.innerHTML = MARKS[kind] || '<i></i>'
  add(verdict, 'h1', say[kind])
  if (kind !== 'wait') add(verdict, 'p', state.kind === 'failed' && state.busy ? say.busy : say[`${kind}Text`])
  if (state.kind === 'failed') add(verdict, 'button', say.retry, 'retry').addEventListener('click', ask)
  if (state.kind === 'answer') facts(page, verdict, state.answer)
  const main = element('page')
  main.textContent = ''
  main.appendChild(page)
}

function facts(page: Node, verdict: HTMLElement, answer: Verification): void {
  const say = words[locale]
  if (answer.verdict === 'genuine') add(verdict, 'p', answer.nth > 1 ? say.nthMore.replace('{n}', String(answer.nth)) : say.nthFirst, 'nth')
  const rows: [string, string, string?][] = []
  if (answer.product) rows.push([say.product, answer.product.name])
  if (answer.lot) rows.push([say.lot, answer.lot])
  if (answer.verdict === 'genuine' && answer.nth > 1 && answer.first) {
    const region = answer.first.region
    const where = region ? ` ${locale === 'en' ? region.en : region.name}` : ''
    rows.push([say.first, minute(answer.first.at) + where])
  }
  if (answer.product && answer.product.gtin) rows.push([say.gtin, answer.product.gtin, 'code'])
  if (answer.code) rows.push([say.code, answer.code, 'code'])
  if (rows.length > 0) {
    const list = add(page, 'dl', '', 'card')
    for (const [term, value, name] of rows) {
      const row = add(list, 'div', '')
      add(row, 'dt', term)
      add(row, 'dd', value, name)
    }
  }
  add(page, 'p', say.privacy, 'plain')
}

/** The answer of this visit is kept for a reload: looking again must not count as another scan. */
const KEPT = `sealtrace.verified ${scanned()}`

function kept(): Verification | null {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT) || 'null')
  } catch (_) {
    return null
  }
}

function keep(answer: Verification): void {
  if (answer.verdict !== 'genuine') return
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(answer))
  } catch (_) {
    // A browser in private mode may refuse; then a reload counts again.
  }
}

function ask(): void {
  state = { kind: 'wait' }
  draw()
  const request = new XMLHttpRequest()
  request.open('POST', '/api/v1/verifications')
  request.timeout = REQUEST_TIMEOUT_MS
  request.setRequestHeader('content-type', 'application/json')
  request.onload = () => {
    try {
      if (request.status < 200 || request.status > 299) throw new Error(String(request.status))
      const answer: Verification = JSON.parse(request.responseText)
      keep(answer)
      state = { kind: 'answer', answer }
    } catch (_) {
      state = { kind: 'failed', busy: request.status === 429 }
    }
    draw()
  }
  request.onerror = request.ontimeout = () => {
    state = { kind: 'failed', busy: false }
    draw()
  }
  request.send(JSON.stringify({ text: scanned() }))
}

element('language').addEventListener('click', () => {
  locale = locale === 'en' ? 'zh-CN' : 'en'
  saveLocale(locale)
  draw()
})

const before = kept()
if (before) {
  state = { kind: 'answer', answer: before }
  draw()
} else {
  ask()
}
