// Reading data for a page: one state at a time, a newer request always wins over an older one.
import { computed, onScopeDispose, reactive, ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue'
import { useRoute } from 'vue-router'
import { api, type Query } from '@shared/api'
import type { List } from '@shared/shapes'
import { useAddress } from './address'

export interface Load<T> {
  data: Readonly<ShallowRef<T | null>>
  error: Readonly<ShallowRef<unknown>>
  loading: Readonly<Ref<boolean>>
  reload: () => Promise<void>
}

/** Runs `read` now and whenever `on` changes. `read` gets a signal that aborts when it is out of date. */
export function useLoad<T>(read: (signal: AbortSignal) => Promise<T>, on?: () => unknown): Load<T> {
  const data = shallowRef<T | null>(null)
  const error = shallowRef<unknown>(null)
  const loading = ref(false)
  let current: AbortController | null = null

  async function reload() {
    current?.abort()
    const mine = new AbortController()
    current = mine
    loading.value = true
    error.value = null
    try {
      const answer = await read(mine.signal)
      if (current === mine) data.value = answer
    } catch (cause) {
      if (current !== mine) return
      data.value = null
      error.value = cause
    } finally {
      if (current === mine) loading.value = false
    }
  }

  if (on) watch(on, reload, { immediate: true })
  else void reload()
  onScopeDispose(() => {
    current?.abort()
    current = null
  })
  return { data, error, loading, reload }
}

const PAGE_SIZES = [20, 50, 100, 200]

/** A list whose filters, order, page and page size live in the URL. `names` are its filters; `draft` is what is being typed. */
export function useList<T>(path: string, names: readonly string[], usual = 20) {
  const route = useRoute()
  const home = route.name
  const { go } = useAddress()
  const draft = reactive<Record<string, string>>({})
  const text = (name: string) => (typeof route.query[name] === 'string' ? (route.query[name] as string) : '')

  const page = computed(() => Math.max(1, Number.parseInt(text('page'), 10) || 1))
  const size = computed(() => (PAGE_SIZES.includes(Number(text('size'))) ? Number(text('size')) : usual))
  const filters = computed(() => Object.fromEntries(names.map((name) => [name, text(name)])))
  const filtered = computed(() => names.some((name) => filters.value[name]))
  /** The field it is ordered by, with a dash in front when the highest comes first. */
  const sort = computed(() => text('sort'))
  const key = computed(() => JSON.stringify([filters.value, sort.value, page.value, size.value]))

  watch(filters, (now) => Object.assign(draft, now), { immediate: true })

  const load = useLoad<List<T>>(
    (signal) => api.get<List<T>>(path, { ...filters.value, sort: sort.value, page: page.value, size: size.value } as Query, signal),
    () => (route.name === home ? key.value : undefined),
  )

  return {
    ...load,
    draft,
    page,
    size,
    filters,
    filtered,
    sort,
    sizes: PAGE_SIZES,
    rows: computed(() => load.data.value?.rows ?? []),
    total: computed(() => load.data.value?.total ?? load.data.value?.rows.length ?? 0),
    search: () => go({ ...Object.fromEntries(names.map((name) => [name, draft[name]?.trim() || undefined])), page: undefined }),
    filter: (name: string, value: string | undefined) => go({ [name]: value, page: undefined }),
    reset: () => go({ ...Object.fromEntries(names.map((name) => [name, undefined])), page: undefined }),
    order: (field: string | null, descending: boolean) => go({ sort: field ? `${descending ? '-' : ''}${field}` : undefined, page: undefined }),
    turn: (to: number) => go({ page: to > 1 ? String(to) : undefined }),
    resize: (to: number) => go({ size: to === usual ? undefined : String(to), page: undefined }),
  }
}

export type Listed<T> = ReturnType<typeof useList<T>>
