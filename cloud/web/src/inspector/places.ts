// The cities an inspection can name, kept on the phone; the nearest one to a position.
import { shallowRef } from 'vue'
import { api } from '@shared/api'
import type { List, Place } from '@shared/shapes'

const KEY = 'sealtrace.places'
const PAGE = 200
const EARTH_KM = 6371

export const places = shallowRef<Place[]>(kept())

function kept(): Place[] {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? '[]') as Place[]
  } catch {
    return []
  }
}

export async function readPlaces(): Promise<void> {
  const found = new Map<string, Place>()
  for (let page = 1; ; page += 1) {
    const list = await api.get<List<Place>>('/regions', { size: PAGE, page })
    const before = found.size
    for (const place of list.rows) found.set(place.code, place)
    if (found.size >= (list.total ?? 0) || found.size === before) break
  }
  places.value = [...found.values()]
  localStorage.setItem(KEY, JSON.stringify(places.value))
}

/** By city centre: good enough to propose, the inspector confirms. */
export function nearest(lon: number, lat: number): Place | undefined {
  const radians = Math.PI / 180
  const distance = (place: Place) => {
    const x = (place.lon - lon) * radians * Math.cos(((place.lat + lat) / 2) * radians)
    const y = (place.lat - lat) * radians
    return Math.hypot(x, y) * EARTH_KM
  }
  return [...places.value].sort((a, b) => distance(a) - distance(b))[0]
}
