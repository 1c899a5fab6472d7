// What a page keeps in its address besides the path: an open drawer, a chosen row. Going back closes it again.
import { computed, onScopeDispose, watch, type ComputedRef } from 'vue'
import { onBeforeRouteLeave, onBeforeRouteUpdate, useRoute, useRouter } from 'vue-router'
import { ask } from './ask'
import { i18n } from './language'

export function useAddress() {
  const route = useRoute()
  const router = useRouter()
  const home = route.name

  /** One part of the query, empty when it is not there or the reader is on another page by now. */
  const part = (name: string): ComputedRef<string> =>
    computed(() => {
      const value = route.query[name]
      return route.name === home && typeof value === 'string' ? value : ''
    })

  /** Goes to the same page with some parts of the query changed; undefined takes one away. */
  function go(change: Record<string, string | undefined>): Promise<unknown> {
    const query = { ...route.query, ...change }
    for (const name of Object.keys(query)) if (!query[name]) delete query[name]
    return router.push({ query })
  }
  return { part, go }
}

/** Asks before changes that were not saved are left behind: by a link, by going back, by closing the window. */
export function useUnsaved(dirty: () => boolean): void {
  const { t } = i18n.global
  const guard = async () => !dirty() || (await ask(t('form.unsaved'), t('form.discard'), true))
  onBeforeRouteLeave(guard)
  onBeforeRouteUpdate(guard)
  const hold = (event: BeforeUnloadEvent) => event.preventDefault()
  watch(dirty, (now) => (now ? window.addEventListener('beforeunload', hold) : window.removeEventListener('beforeunload', hold)))
  onScopeDispose(() => window.removeEventListener('beforeunload', hold))
}
