// Words for codes: the current language, sentences with parameters, times and sizes.
import { ref, watchEffect } from 'vue'
import type { Message, Rejection } from '../api/types'
import { en } from './en'
import { labelsEn } from './labels.en'
import { labelsZhCN, type LabelsKey } from './labels.zh-CN'
import { pagesEn } from './pages.en'
import { pagesZhCN, type PagesKey } from './pages.zh-CN'
import { fill } from './words'
import { zhCN, type Key as StationKey } from './zh-CN'

export type Language = 'zh-CN' | 'en'
export type Key = StationKey | PagesKey | LabelsKey
const WORDS: Record<Language, Record<string, string>> = { 'zh-CN': { ...zhCN, ...pagesZhCN, ...labelsZhCN }, en: { ...en, ...pagesEn, ...labelsEn } }
const STORE_KEY = 'sealtrace.language'

export const language = ref<Language>(load())

function load(): Language {
  try {
    return window.localStorage.getItem(STORE_KEY) === 'en' ? 'en' : 'zh-CN'
  } catch (off) {
    return 'zh-CN'
  }
}

watchEffect(() => {
  document.documentElement.lang = language.value
  try {
    window.localStorage.setItem(STORE_KEY, language.value)
  } catch (off) {
    // Without storage the choice lasts until the page is closed.
  }
})

export function switchLanguage(): void {
  language.value = language.value === 'en' ? 'zh-CN' : 'en'
}

function sentence(key: string): string | undefined {
  const words = WORDS[language.value]
  return Object.prototype.hasOwnProperty.call(words, key) ? words[key] : undefined
}

export function t(key: Key, params: Record<string, unknown> = {}): string {
  return fill(sentence(key) ?? key, (name) => word(name, params[name]))
}

/** The plain sentence for a message code; an unknown one shows the code, so that it can be reported. */
export function say(message: Message, kind: 'msg' | 'prompt' = 'msg'): string {
  const known = sentence(`${kind}.${message.code}`) ?? sentence(`msg.${message.code}`)
  const params = message.params ?? {}
  if (known === undefined) return kind === 'prompt' ? `${t('prompt.scan')} (${message.code})` : t('msg.unknown', { code: message.code })
  return fill(known, (name) => word(name, params[name], message.code))
}

/** What a printer lacks, without the words of its system, which are the second part. */
export function problem(message: Message): [string, string] {
  return [say({ code: message.code, params: { ...message.params, why: null } }), String(message.params?.['why'] ?? '')]
}

/** A rejection is an object of one key: the code and its parameters. */
export function asMessage(rejection: Rejection): Message {
  if (typeof rejection === 'string') return { code: rejection }
  const code = Object.keys(rejection)[0] ?? 'unknown'
  return { code, params: rejection[code] ?? {} }
}

export function level(name: string | null | undefined): string {
  return name === undefined || name === null ? '' : (sentence(`level.${name}`) ?? name)
}

export function state(name: string): string {
  return sentence(`state.${name}`) ?? name
}

export function kind(name: string): string {
  return sentence(`kind.${name}`) ?? name
}

/** A shift that people here named themselves stays as it is. */
export function shiftName(name: string | null): string | null {
  return name === null ? null : (sentence(`shift.${name}`) ?? name)
}

export function role(name: string): string {
  return sentence(`role.${name}`) ?? name
}

/** How an exception can be resolved, and was. */
export function resolution(name: string): string {
  return sentence(`resolution.${name}`) ?? name
}

/** A label by its name; people here may have made their own. */
export function template(name: string): string {
  return sentence(`template.${name}`) ?? name
}

/** Where a label in the queue stands, and what happened to it. */
export function printState(name: string): string {
  return sentence(`print.state.${name}`) ?? name
}

export function printEvent(name: string): string {
  return sentence(`print.event.${name}`) ?? name
}

/** A reason that was chosen; words of one's own stay as they are. */
export function reasonWord(name: string): string {
  return sentence(`reason.${name}`) ?? name
}

/** Where a task or document stands. */
export function standing(name: string): string {
  return sentence(`standing.${name}`) ?? name
}

/** Where the words for a parameter's values are; levels otherwise. */
const CLASSES: Record<string, string[]> = { 'wrong_document.kind': ['kind'], kind: ['screen', 'kind'], needs: ['role'], how: ['ending', 'resolution'], what: ['what'], fate: ['reason'] }
const LEVELS = ['level']
const TIMES = /^(at|first_at|since|until)$/
const EPOCH_MS_MIN = 1e11

function word(name: string, value: unknown, code = ''): string | null {
  if (value === null || value === undefined || value === '') return null
  if (typeof value === 'number') return TIMES.test(name) && value > EPOCH_MS_MIN ? time(value) : String(value)
  if (typeof value === 'string') return known(CLASSES[`${code}.${name}`] ?? CLASSES[name] ?? LEVELS, value.replace('verify_pack', 'verify')) ?? value
  if (typeof value === 'object') {
    const named = value as { name?: unknown; number?: unknown; code?: unknown }
    const best = named.name ?? named.number ?? named.code
    return typeof best === 'string' || typeof best === 'number' ? String(best) : null
  }
  return String(value)
}

function known(classes: string[], value: string): string | undefined {
  return classes.map((name) => sentence(`${name}.${value}`)).find((words) => words !== undefined)
}

function two(n: number): string {
  return n < 10 ? `0${n}` : String(n)
}

/** Today as 14:05:09, any other day with its date. */
export function time(at: number): string {
  const when = new Date(at)
  const clock = `${two(when.getHours())}:${two(when.getMinutes())}:${two(when.getSeconds())}`
  const isToday = new Date().toDateString() === when.toDateString()
  return isToday ? clock : `${date(at)} ${clock}`
}

export function date(at: number): string {
  const when = new Date(at)
  return `${when.getFullYear()}-${two(when.getMonth() + 1)}-${two(when.getDate())}`
}

export function bytes(n: number): string {
  if (n >= 1e9) return `${(n / 1e9).toFixed(1)} GB`
  return n >= 1e6 ? `${Math.round(n / 1e6)} MB` : `${Math.round(n / 1e3)} kB`
}
