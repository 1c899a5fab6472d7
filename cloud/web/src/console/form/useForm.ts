// One form at work: what was typed, what the cloud said about it, and what to do when somebody else was faster.
import { computed, nextTick, reactive, ref, shallowRef, watch } from 'vue'
import { ApiError } from '@shared/api'
import { faultsOf, NO_FAULTS } from './faults'
import type { Field, Row, Values } from './field'
import { blank, body, copy, differing, merge, read } from './values'

export interface FormTask {
  /** The fields, which may depend on what was chosen in others. */
  fields: (values: Values) => readonly Field[]
  /** The row that is edited, or what a new one starts with. */
  start: () => Values | null
  /** Sends it; what it answers goes to `saved`. */
  save: (body: Values) => Promise<unknown>
  /** Reads the row anew, when somebody else has changed it meanwhile. */
  latest?: () => Promise<Row>
}

export function useForm(task: FormTask) {
  const values = reactive<Values>({})
  const base = shallowRef<Values>({})
  const version = ref<number | undefined>()
  const faults = ref(NO_FAULTS)
  const failure = shallowRef<unknown>(null)
  /** The fields that both this reader and somebody else changed; null while nobody did. */
  const overtaken = shallowRef<string[] | null>(null)
  const busy = ref(false)

  const fields = computed(() => task.fields(values))
  const dirty = computed(() => differing(fields.value, base.value, values).length > 0)

  function fill(row: Values | null) {
    for (const name of Object.keys(values)) delete values[name]
    Object.assign(values, row)
    // Which fields there are may depend on the row, so they are asked for with its values in place.
    const now = task.fields(values)
    const filled = row === null ? blank(now) : read(now, row)
    Object.assign(values, filled)
    base.value = copy(filled)
    version.value = row && typeof row.version === 'number' ? row.version : undefined
    faults.value = NO_FAULTS
    failure.value = null
    overtaken.value = null
  }
  watch(task.start, fill, { immediate: true })
  /** A field that appears later starts empty. */
  watch(fields, (now) => {
    for (const field of now) {
      if (field.name in values) continue
      Object.assign(values, blank([field]))
      base.value = { ...base.value, ...blank([field]) }
    }
  }, { immediate: true, flush: 'sync' })

  function touched(path: string) {
    const kept = Object.entries(faults.value.fields).filter(([at]) => at !== path && !at.startsWith(`${path}.`))
    faults.value = { ...faults.value, fields: Object.fromEntries(kept) }
  }

  /** Takes in what somebody else saved, keeping what was changed here. */
  async function catchUp(latest: () => Promise<Row>) {
    const row = await latest()
    const theirs = read(fields.value, row)
    const merged = merge(fields.value, base.value, values, theirs)
    Object.assign(values, merged.values)
    base.value = theirs
    version.value = row.version
    overtaken.value = merged.both
  }

  async function refused(error: unknown) {
    const found = faultsOf(error)
    if (found) {
      faults.value = found
      await nextTick()
      document.querySelector<HTMLElement>('.form [data-faulty] input, .form [data-faulty] textarea, .form [data-faulty] button')?.focus()
    } else if (error instanceof ApiError && error.code === 'changed_meanwhile' && task.latest) {
      await catchUp(task.latest)
    } else {
      failure.value = error
    }
  }

  /** Sends the form; what the cloud answered, or undefined when it refused. */
  async function submit(): Promise<unknown> {
    if (busy.value) return undefined
    busy.value = true
    failure.value = null
    overtaken.value = null
    faults.value = NO_FAULTS
    try {
      const sent = body(fields.value, values)
      const answer = (await task.save(version.value === undefined ? sent : { ...sent, version: version.value })) ?? {}
      base.value = copy(values)
      return answer
    } catch (error) {
      await refused(error).catch((cause: unknown) => { failure.value = cause })
      return undefined
    } finally {
      busy.value = false
    }
  }

  return { values, fields, faults, failure, overtaken, busy, dirty, touched, submit }
}
