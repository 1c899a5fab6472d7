// What the page knows of the agent, and the only way scans, commands and pictures reach it. The agent's View is the
// truth: everything here is rebuilt from it after a reload.
import { reactive } from 'vue'
import { api, ApiError, Unreachable } from '../api/client'
import type { Command, Decoded, Message, Opened, Reply, Session, Source, Status, Tone, View } from '../api/types'
import { play, soundFor } from '../feedback/sounds'
import { JobQueue, type Job } from '../input/queue'
import { go, isMade, isPlace, type Page } from './route'
import { commandIn } from './takers'

export interface Shown {
  tone: Tone
  message: Message
  provisional: boolean
  /** Counts up, so that the same outcome twice flashes twice. */
  n: number
}

const STATUS_EVERY_MS = 3000
const RETRY_EVERY_MS = 1000
/** Between two questions for what others did, when the last one failed. */
const FOLLOW_AGAIN_MS = 3000
const SHOWN_KEY = 'sealtrace.shown'
export const READY: Message = { code: 'ready' }

export const station = reactive({
  /** Undefined until the agent has answered once. */
  session: undefined as Session | null | undefined,
  sessionEnded: false,
  status: null as Status | null,
  view: null as View | null,
  shown: { tone: 'ready', message: READY, provisional: false, n: 0 } as Shown,
  /** The agent does not answer. */
  down: false,
  /** It answers again, and scans were lost meanwhile: the operator must check the count. */
  check: false,
  lost: 0,
  /** Scans made between a refusal and its acknowledgement. */
  notCounted: 0,
  /** Jobs under way or waiting. */
  pending: 0,
  opening: false,
  /** A photo that shows several codes: which one is meant. */
  several: null as { codes: Decoded[]; picture: Blob } | null,
})

/** The newest answer that was shown: each is shown once, though it may come twice. */
let heard = 0

/** When a person last had the agent do something. */
let actedAt = 0

const queue = new JobQueue(work, () => performance.now())

export function scan(text: string, source: Source): void {
  if (station.check && isAcknowledgement(text)) return acknowledgeCheck()
  push({ kind: 'scan', text, source })
}

export function command(name: Command): void {
  push({ kind: 'command', command: name })
}

export function picture(file: Blob): void {
  push({ kind: 'picture', picture: file })
}

function push(job: Job): void {
  if (queue.push(job)) station.pending = queue.length
}

function isAcknowledgement(text: string): boolean {
  return commandIn(text) === 'OK'
}

async function work(job: Job): Promise<void> {
  try {
    if (station.down || station.check) return lose(job)
    if (station.view?.blocked === true && !acknowledges(job)) return refuseWhileBlocked(job)
    await send(job)
  } finally {
    station.pending = Math.max(0, queue.length - 1)
  }
}

/** What ends a refusal: it was seen, or the scan goes to the document that it fits. */
function acknowledges(job: Job): boolean {
  const maySwitch = !!station.view?.offer
  if (job.kind === 'command') return job.command === 'acknowledge' || (maySwitch && job.command === 'switch')
  return job.kind === 'scan' && (isAcknowledgement(job.text) || (maySwitch && commandIn(job.text) === 'SWITCH'))
}

function refuseWhileBlocked(job: Job): void {
  if (job.kind !== 'command') station.notCounted += 1
  play('refused')
}

function lose(job: Job): void {
  if (job.kind !== 'command') station.lost += 1
  play('critical')
}

async function send(job: Job): Promise<void> {
  actedAt = performance.now()
  try {
    const reply = await ask(job)
    station.several = job.kind === 'picture' && reply.decoded && reply.decoded.length > 1 ? { codes: reply.decoded, picture: job.picture } : null
    adopt(reply)
  } catch (failure) {
    if (failure instanceof Unreachable) {
      goDown()
      return lose(job)
    }
    if (!(failure instanceof ApiError)) throw failure
    if (failure.status === 401) return endSession([job])
    if (failure.status === 423) return lockedOut(job)
    show(failure.status >= 500 ? 'critical' : 'refused', { code: failure.code, params: failure.params })
  }
}

/** Idle too long: the scan did not count, and the lock says so. */
function lockedOut(job: Job): void {
  if (station.session) station.session.locked = true
  if (job.kind !== 'command') station.lost += 1
  play('refused')
}

function ask(job: Job): Promise<Reply> {
  if (job.kind === 'scan') return api.scan(job.text, job.source)
  return job.kind === 'command' ? api.command(job.command) : api.picture(job.picture)
}

function adopt(reply: Reply): void {
  if (reply.revision !== 0) heard = reply.revision
  if (!reply.view.blocked) station.notCounted = 0
  station.view = reply.view
  const place = reply.message.code === 'page' ? reply.message.params?.['page'] : undefined
  if (isPlace(place)) return visit(place, reply.view)
  show(reply.tone, reply.message, reply.provisional)
  if (reply.label) labelled(reply.label)
}

/** A page of the device itself was asked for; a task of one's own is for what is being made. */
function visit(place: Page, { choice, screen }: View): void {
  go(place, place !== 'task' ? undefined : choice?.what === 'task' && isMade(screen) ? screen : 'pack')
  show('ready', READY)
}

/** A full package was labelled by itself, or could not be: said after the scan's own word, which sounded already. */
function labelled(label: NonNullable<Reply['label']>): void {
  const isQueued = 'job' in label
  const message = isQueued ? { code: 'label_queued', params: { printer: label.printer, code: label.code } } : label.problem
  station.shown = { tone: isQueued ? 'accepted' : 'warning', message, provisional: false, n: station.shown.n + 1 }
}

export function show(tone: Tone, message: Message, provisional = false): void {
  station.shown = { tone, message, provisional, n: station.shown.n + 1 }
  play(soundFor(tone, message.code))
  try {
    window.sessionStorage.setItem(SHOWN_KEY, JSON.stringify(station.shown))
  } catch (off) {
    // Only a reload would need it: the refusal is then worded in general terms.
  }
}

function showLastAgain(): void {
  try {
    const saved = JSON.parse(window.sessionStorage.getItem(SHOWN_KEY) || 'null') as Shown | null
    if (saved !== null && station.view?.blocked === true) station.shown = saved
  } catch (off) {
    // As above.
  }
}

function goDown(): void {
  if (station.down) return
  station.down = true
  show('critical', { code: 'unreachable' })
  window.setTimeout(retry, RETRY_EVERY_MS)
}

async function retry(): Promise<void> {
  if (!(await load())) {
    window.setTimeout(retry, RETRY_EVERY_MS)
    return
  }
  station.down = false
  if (station.lost > 0) station.check = true
  else show('ready', READY)
}

export function acknowledgeCheck(): void {
  station.check = false
  station.lost = 0
  show('ready', READY)
}

/** What was scanned meanwhile did not count: after the next login the operator is asked to check. */
function endSession(unsaved: Job[] = []): void {
  station.sessionEnded = station.session !== null
  station.session = null
  station.view = null
  for (const job of unsaved.concat(queue.drain())) if (job.kind !== 'command') station.lost += 1
  show('critical', { code: 'no_session' })
}

/** A locked session shows nothing but the lock. */
async function adoptSession(session: Session): Promise<void> {
  const view = session.locked ? null : await api.station()
  if (view !== null) heard = view.revision
  station.session = session
  station.view = view
}

/** Reads everything from the agent. False when it does not answer. */
async function load(): Promise<boolean> {
  try {
    station.status = await api.status()
    await adoptSession(await api.session())
    showLastAgain()
    return true
  } catch (failure) {
    if (!(failure instanceof ApiError)) return false
    if (failure.status === 401) {
      station.sessionEnded = station.session !== undefined && station.session !== null
      station.session = null
      station.view = null
    }
    return failure.status < 500
  }
}

export async function start(): Promise<void> {
  if (!(await load())) goDown()
  window.setInterval(() => void watchStatus(), STATUS_EVERY_MS)
  void follow()
}

/** Hears what was done without this page, as a scan that a shell app handed to the agent. */
async function follow(): Promise<void> {
  for (;;) {
    const isListening = station.view !== null && !station.down && station.session?.locked === false
    const reply = isListening ? await whatIsNext() : undefined
    if (reply === undefined) await new Promise((resolve) => window.setTimeout(resolve, FOLLOW_AGAIN_MS))
    else if (reply !== null) await showOnce(reply)
  }
}

/** Null: nothing happened while the agent waited; undefined: it cannot be asked now. */
async function whatIsNext(): Promise<Reply | null | undefined> {
  try {
    return await api.next(heard)
  } catch (failure) {
    if (failure instanceof ApiError && failure.status === 423 && station.session) station.session.locked = true
    return undefined
  }
}

/** What this page asked for itself is shown by the answer to that. */
async function showOnce(reply: Reply): Promise<void> {
  await queue.idle()
  if (reply.revision !== heard && station.view !== null && !station.opening) adopt(reply)
}

async function watchStatus(): Promise<void> {
  if (station.down) return
  try {
    station.status = await api.status()
    if (station.session && !station.session.locked && isIdle(station.session)) station.session.locked = (await api.session()).locked
  } catch (failure) {
    if (failure instanceof Unreachable) goDown()
    else if (failure instanceof ApiError && failure.status === 401 && station.session) endSession()
  }
}

/** The agent locks; the page only asks it once the time may have come. */
function isIdle({ lock_after_ms: afterMs }: Session): boolean {
  return afterMs > 0 && performance.now() - actedAt >= afterMs
}

export async function refreshStatus(): Promise<void> {
  await watchStatus()
}

/** Signs in; the caller words an ApiError. */
export async function signIn(login: string, pin: string, site?: number): Promise<Session> {
  try {
    return await api.login(login, pin, site)
  } catch (failure) {
    if (failure instanceof Unreachable) goDown()
    throw failure
  }
}

/** Locks by hand, or takes the lock off again; the caller words an ApiError. */
export async function lock(): Promise<void> {
  await api.lock()
  if (station.session) station.session.locked = true
}

export async function unlock(pin: string): Promise<void> {
  await enter(await api.unlock(pin))
}

/** Goes on working at another site. */
export async function moveTo(site: number): Promise<void> {
  await enter(await api.moveTo(site))
}

/** Takes the session on, once the site is settled, and continues where the station stands. */
export async function enter(session: Session): Promise<void> {
  await adoptSession(session)
  actedAt = performance.now()
  station.sessionEnded = false
  station.shown = { tone: 'ready', message: READY, provisional: false, n: station.shown.n + 1 }
  station.check = station.lost > 0
  showLastAgain()
}

export async function signOut(): Promise<void> {
  try {
    await api.logout()
  } catch (failure) {
    if (failure instanceof Unreachable) return goDown()
    if (!(failure instanceof ApiError)) throw failure
    if (failure.status !== 401) return show('refused', { code: failure.code, params: failure.params })
  }
  station.session = null
  station.view = null
}

/** Opens a screen and shows it; false when the agent refuses, which is then on the screen. */
export async function open(opened: Opened): Promise<boolean> {
  if (station.opening) return false
  station.opening = true
  actedAt = performance.now()
  try {
    const view = await api.open(opened)
    heard = view.revision
    station.view = view
    show('ready', READY)
    go('station')
    return true
  } catch (failure) {
    if (failure instanceof Unreachable) goDown()
    else if (!(failure instanceof ApiError)) throw failure
    else if (failure.status === 401) endSession()
    else if (failure.status === 423 && station.session) station.session.locked = true
    else show('refused', { code: failure.code, params: failure.params })
    return false
  } finally {
    station.opening = false
  }
}

/** What waits for an approval is done now; the caller words an ApiError. */
export async function approve(login: string, pin: string): Promise<void> {
  try {
    adopt(await api.approve(login, pin))
  } catch (failure) {
    if (failure instanceof Unreachable) goDown()
    throw failure
  }
}
