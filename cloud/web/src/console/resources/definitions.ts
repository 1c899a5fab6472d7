// What the cloud declares for this reader: asked once per login.
import { shallowRef, watch } from 'vue'
import { api } from '@shared/api'
import { session } from '../session/session'
import type { Definition } from './resource'

/** The resources this reader may look at. */
export const definitions = shallowRef<ReadonlyMap<string, Definition>>(new Map())
let reading: Promise<void> | null = null

export function readDefinitions(): Promise<void> {
  reading ??= api
    .get<Definition[]>('/resources')
    .then((all) => {
      definitions.value = new Map(all.map((one) => [one.name, one]))
    })
    .catch((error: unknown) => {
      reading = null
      throw error
    })
  return reading
}

/** Another reader may look at other things. */
watch(() => session.account?.id, () => {
  reading = null
  definitions.value = new Map()
}, { flush: 'sync' })
