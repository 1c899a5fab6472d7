// Every resource that has words here. A file more below `declared/` is a resource more: menu, address, list and form follow.
import type { Resource } from './resource'

const files = import.meta.glob<Resource>('./declared/*.ts', { eager: true, import: 'default' })

export const RESOURCES: readonly Resource[] = Object.values(files).sort((a, b) => a.menu[1] - b.menu[1])

/** Their words for one language, as the group `of`: `of.products.title`. */
export const resourceWords = (locale: 'zh-CN' | 'en') => Object.fromEntries(RESOURCES.map(({ name, words }) => [name, words[locale]]))
