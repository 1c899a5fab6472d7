// Listens on the whole document: key presses, inserted text, composition, and a shell's broadcast. One listener for all.
import type { Source } from '../api/types'
import { scannerSettings } from './settings'
import { GS, Wedge, type Taken, type WedgeEvent } from './wedge'

export interface RawEvent {
  type: string
  key: string
  code: string
  keyCode: number
  data: string
  ms: number
}

export interface Listener {
  scan(text: string, source: Source): void
  /** A person pressed one key. */
  key(char: string): void
  broken(text: string, why: string): void
  raw(event: RawEvent): void
}

/** A burst without an end is reported after this time; well above the inter-key limit, for busy old devices. */
const NO_END_MS = 600

/** Past the limit between two keys nothing can follow a single one. */
const ONE_KEY_MS = 50

const wedge = new Wedge(() => scannerSettings)
const seen = new WeakSet<Event>()
let listener: Listener | null = null
let sink: HTMLTextAreaElement | null = null
let composition: string | null = null
let compositionTaken = false
let idleTimer = 0
let lastRawAt = 0

/** Starts listening. Called twice, the second listener replaces the first: a scan never reaches two. */
export function listen(to: Listener): void {
  const first = listener === null
  listener = to
  if (!first) return
  document.addEventListener('keydown', onKey, true)
  document.addEventListener('input', onInput, true)
  document.addEventListener('compositionstart', onComposition, true)
  document.addEventListener('compositionupdate', onComposition, true)
  document.addEventListener('compositionend', onCompositionEnd, true)
  document.addEventListener('sealtrace:scan', onBroadcast)
  document.addEventListener('click', (event) => {
    if (event.detail > 0) window.setTimeout(rest, 0)
  })
}

/** The element that receives what input methods insert. It never raises a soft keyboard. */
export function useSink(element: HTMLTextAreaElement | null): void {
  sink = element
  rest()
}

/** Focus goes to the sink only when no field wants it. */
export function rest(): void {
  if (sink !== null && !isField(document.activeElement)) sink.focus({ preventScroll: true })
}

function isField(element: EventTarget | null): boolean {
  if (!(element instanceof HTMLElement) || element === sink) return false
  if (element instanceof HTMLInputElement) return !/^(file|button|submit|checkbox|radio)$/.test(element.type)
  return /^(TEXTAREA|SELECT)$/.test(element.tagName) || element.isContentEditable
}

function fresh(event: Event): boolean {
  if (seen.has(event) || isField(event.target)) return false
  seen.add(event)
  return true
}

function onKey(event: KeyboardEvent): void {
  if (!fresh(event)) return
  report(event, event.key, event.code, event.keyCode, '')
  const isEnd = event.key === 'Enter' || event.key === 'Tab' || event.keyCode === 13 || event.keyCode === 9
  if (isEnd && !event.shiftKey) {
    if (composition !== null) takeComposition(composition, event.timeStamp)
    return answer(event, wedge.end('key', event.timeStamp))
  }
  if (event.isComposing || event.keyCode === 229) return
  const char = keyText(event)
  if (char === '\n') return answer(event, wedge.end('key', event.timeStamp))
  if (char !== '') answer(event, wedge.feed(char, 'key', event.timeStamp))
}

/** What a key press stands for, or nothing if it is not the scanner's. */
function keyText(event: KeyboardEvent): string {
  if (event.key === scannerSettings.gsSubstitute) return GS
  const isAltGraph = event.getModifierState !== undefined && event.getModifierState('AltGraph')
  if (event.ctrlKey && !event.altKey) {
    if (event.key === ']' || event.key === GS || event.code === 'BracketRight') return GS
    if (/^[jm]$/i.test(event.key)) return '\n'
    return wedge.busy && /^[@-_a-z]$/.test(event.key) ? control(event.key) : ''
  }
  if ((event.altKey && !isAltGraph) || event.metaKey) return ''
  return Array.from(event.key).length === 1 ? event.key : ''
}

/** In the middle of a scan Ctrl and a letter are a control character of the code, not a shortcut of the browser. */
function control(letter: string): string {
  return String.fromCharCode(letter.toUpperCase().charCodeAt(0) & 0x1f)
}

function onInput(event: Event): void {
  if (sink === null || event.target !== sink || !fresh(event)) return
  const how = (event as InputEvent).inputType || ''
  report(event, how, '', 0, sink.value)
  if ((event as InputEvent).isComposing || /Composition/.test(how)) return
  const text = sink.value
  sink.value = ''
  if (text === '') return
  deliver(wedge.feed(text, 'text', event.timeStamp))
  if (how === 'insertFromPaste') deliver(wedge.end('text', event.timeStamp))
}

function onComposition(event: CompositionEvent): void {
  if (!fresh(event)) return
  if (event.type === 'compositionstart') compositionTaken = false
  composition = event.data || ''
}

function onCompositionEnd(event: CompositionEvent): void {
  if (!fresh(event)) return
  report(event, event.type, '', 0, event.data)
  const wasTaken = compositionTaken
  composition = null
  compositionTaken = false
  if (sink !== null) sink.value = ''
  if (!wasTaken && event.data) deliver(wedge.feed(event.data, 'text', event.timeStamp))
}

/** Enter arrived before the input method committed: what it holds is the scan. */
function takeComposition(text: string, at: number): void {
  composition = null
  compositionTaken = true
  if (text !== '') deliver(wedge.feed(text, 'text', at))
}

/** A shell app hands over a hardware broadcast: `document.dispatchEvent(new CustomEvent('sealtrace:scan', {detail: {text}}))`. */
function onBroadcast(event: Event): void {
  const text: unknown = (event as CustomEvent<{ text?: unknown } | null>).detail?.text
  if (seen.has(event) || typeof text !== 'string' || text === '') return
  seen.add(event)
  report(event, 'broadcast', '', 0, text)
  listener?.scan(text, 'broadcast')
}

function answer(event: Event, result: Taken): void {
  if (result.taken) event.preventDefault()
  deliver(result)
}

function deliver(result: Taken): void {
  result.out.forEach(tell)
  window.clearTimeout(idleTimer)
  if (wedge.busy) idleTimer = window.setTimeout(onIdle, wedge.isOneKey ? scannerSettings.interKeyMs + ONE_KEY_MS : Math.max(NO_END_MS, scannerSettings.interKeyMs * 3))
}

function onIdle(): void {
  wedge.idle(Infinity).forEach(tell)
}

function tell(event: WedgeEvent): void {
  switch (event.kind) {
    case 'scan':
      return listener?.scan(event.text, 'wedge')
    case 'key':
      return listener?.key(event.text)
    case 'broken':
      return listener?.broken(event.text, event.why)
  }
}

function report(event: Event, key: string, code: string, keyCode: number, data: string): void {
  const ms = lastRawAt === 0 ? 0 : Math.round(event.timeStamp - lastRawAt)
  lastRawAt = event.timeStamp
  listener?.raw({ type: event.type, key, code, keyCode, data, ms })
}
