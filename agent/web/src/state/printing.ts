// Printers and labels as the agent knows them, and what is offered to be printed where a package needs its label.
import { reactive } from 'vue'
import { api, ApiError, failed } from '../api/client'
import type { LabelTemplate, Level, Message, Printer, Printing, QueuedLabel, View, WantedLabel } from '../api/types'
import { play } from '../feedback/sounds'
import { show } from './station'

export const printing = reactive({
  /** Null until the agent was asked. */
  known: null as Printing | null,
  busy: false,
})

/** Looks what can be printed here; quiet when it cannot be asked, because nothing depends on it. */
export async function lookAtPrinters(): Promise<void> {
  try {
    printing.known = await api.printing()
  } catch (no) {
    if (!(no instanceof ApiError)) return
    printing.known = null
  }
}

export function printersFor(level: Level | undefined): Printer[] {
  const all = printing.known?.rows ?? []
  return level === undefined ? all : all.filter((printer) => labelsFor(printer, level).length > 0)
}

export function labelsFor(printer: Printer | undefined, level: Level | undefined): LabelTemplate[] {
  const labels = printer?.labels ?? []
  return level === undefined ? labels : labels.filter((label) => label.levels.includes(level))
}

export const stock = (level: Level) => printing.known?.labels.find((one) => one.level === level) ?? null

/** Queues a label. The caller words a failure. */
export async function print(label: WantedLabel): Promise<QueuedLabel> {
  printing.busy = true
  try {
    return await api.print(label)
  } finally {
    printing.busy = false
    void lookAtPrinters()
  }
}

/** The label that the open work waits for, as far as a printer here can make it. */
export function offered(view: View): WantedLabel | null {
  const level = view.prompt.params?.['level'] as Level | undefined
  if (level === undefined || level === 'unit' || printersFor(level).length === 0) return null
  if (view.prompt.code === 'scan_new' && view.parent) return { what: 'replacing', text: view.parent.code, level }
  if (view.prompt.code !== 'scan_parent' || view.parent || view.count === 0) return null
  const isShort = typeof view.of === 'number' && view.count < view.of
  return { what: 'fresh', level, task: view.task?.id, count: isShort ? view.count : undefined }
}

/** Prints what is offered and says so where scans are answered. */
export async function printOffered(label: WantedLabel): Promise<void> {
  if (printing.busy) return
  try {
    show('accepted', queuedMessage(await print(label)))
  } catch (no) {
    show('warning', failed(no))
    play('unreadable')
  }
}

export function queuedMessage(queued: QueuedLabel): Message {
  return { code: 'label_queued', params: { printer: queued.printer, code: queued.code } }
}
