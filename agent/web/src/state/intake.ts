// Where a scan goes: to the station, to the scanner test, or nowhere with a word why.
import { reactive } from 'vue'
import type { Command, Source } from '../api/types'
import { play } from '../feedback/sounds'
import { listen, type RawEvent } from '../input/listen'
import { choose, chooseNext } from './choices'
import { opensScreen } from './entries'
import { go, isPlace, page } from './route'
import { command, scan, show, station } from './station'
import { isTaken } from './takers'

export interface Tested {
  text: string
  source: Source | null
  broken: string | null
  n: number
}

const TESTED_MAX = 5
const RAW_MAX = 60

export const tester = reactive({ scans: [] as Tested[], raw: [] as RawEvent[], n: 0 })

export function begin(): void {
  listen({
    scan: takeScan,
    key: takeKey,
    broken(text, why) {
      if (page.value === 'test') return test({ text, source: null, broken: why, n: 0 })
      if (page.value === 'station' && station.session) warnUnlessBlocked(why)
    },
    raw(event) {
      if (page.value !== 'test') return
      tester.raw.unshift(event)
      tester.raw.splice(RAW_MAX)
    },
  })
}

/** A complete scan, by whichever route it came. */
export function takeScan(text: string, source: Source): void {
  if (page.value === 'test') return test({ text, source, broken: null, n: 0 })
  if (page.value === 'line') return void isTaken(text, source)
  if (station.session && (station.down || station.check)) return scan(text, source)
  if (isTaken(text, source) || !station.session) return
  if (navigates(text, source)) return
  if (page.value === 'station') return scan(text, source)
  show('warning', { code: 'unhandled_scan' })
}

/** A number key chooses what stands beside its number. */
function takeKey(char: string): void {
  if (!/^[0-9]$/.test(char) || station.down || station.check) return
  if (page.value === 'line') return void choose(Number(char))
  if (!station.session || station.session.locked || station.view?.blocked === true || choose(Number(char))) return
  if (page.value === 'station' && station.view?.choice) command(char as Command)
}

/** A command barcode that works on a list of the page's own, or leaves such a page; the agent does the rest. */
function navigates(text: string, source: Source): boolean {
  const word = /^(?:\][A-Za-z]\d)?ST\*(\w+)\*$/i.exec(text.trim())?.[1]
  if (word === undefined || !station.session || station.session.locked || station.view?.blocked === true) return false
  if (/^\d$/.test(word)) return choose(Number(word))
  if (/^NEXT$/i.test(word)) return chooseNext()
  if (page.value === 'station') return false
  if (isPlace(word.toLowerCase())) {
    scan(text, source)
    return true
  }
  if (!opensScreen(word) && !/^BACK$/i.test(word)) return false
  go('station')
  if (opensScreen(word)) scan(text, source)
  return true
}

function warnUnlessBlocked(code: string): void {
  if (station.down || station.check || station.view?.blocked === true) return play('unreadable')
  show('warning', { code })
}

function test(tested: Tested): void {
  tester.n += 1
  tester.scans.unshift({ ...tested, n: tester.n })
  tester.scans.splice(TESTED_MAX)
  play(tested.broken === null ? 'accepted' : 'unreadable')
}

export function clearTester(): void {
  tester.scans.splice(0)
  tester.raw.splice(0)
}
