// What the list, the map and the drawer all read out of suspects.
import type { Named, Region, Sighting, Suspect } from '@shared/shapes'

export type SeenRegion = Region & { times: number }

/** Where a code was seen outside its territory, most often first. */
export function outsideRegions(sightings: readonly Sighting[]): SeenRegion[] {
  const found = new Map<string, SeenRegion>()
  for (const { region, outside } of sightings) {
    if (!outside || !region) continue
    const known = found.get(region.code)
    if (known) known.times += 1
    else found.set(region.code, { ...region, times: 1 })
  }
  return [...found.values()].sort((a, b) => b.times - a.times)
}

export function choices(suspects: readonly Suspect[]): { dealers: Named[]; products: Named[]; regions: Region[] } {
  const dealers = new Map<number, Named>()
  const products = new Map<number, Named>()
  const regions = new Map<string, Region>()
  for (const suspect of suspects) {
    dealers.set(suspect.dealer.id, suspect.dealer)
    products.set(suspect.product.id, suspect.product)
    for (const region of outsideRegions(suspect.sightings)) regions.set(region.code, region)
  }
  return { dealers: [...dealers.values()], products: [...products.values()], regions: [...regions.values()] }
}
