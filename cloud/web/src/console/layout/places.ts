// The prefectures with their centres, read once when a page first needs them.
import { shallowRef } from 'vue'
import { api } from '@shared/api'
import type { List, Place } from '@shared/shapes'

export const places = shallowRef<Map<string, Place>>(new Map())
const PAGE = 200
let reading: Promise<void> | null = null

async function readAll(): Promise<Map<string, Place>> {
  const found = new Map<string, Place>()
  for (let page = 1; ; page += 1) {
    const list = await api.get<List<Place>>('/regions', { size: PAGE, page })
    const before = found.size
    for (const place of list.rows) found.set(place.code, place)
    if (found.size >= (list.total ?? 0) || found.size === before) return found
  }
}

export function readPlaces(): Promise<void> {
  reading ??= readAll()
    .then((found) => {
      places.value = found
    })
    .catch((error: unknown) => {
      reading = null
      throw error
    })
  return reading
}
