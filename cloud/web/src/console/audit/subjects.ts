// What an entry of the trail is about: what that kind of thing is called, and where to see it now.
import type { RouteLocationRaw } from 'vue-router'
import type { Change } from '@shared/shapes'
import { useWords } from '../layout/words'
import { definitions } from '../resources/definitions'

export function useSubjects() {
  const { t, te } = useWords()
  const name = (resource: string): string => {
    for (const key of [`of.${resource}.title`, `menu.${resource}`]) if (te(key, 'zh-CN')) return t(key)
    return resource
  }
  const fieldName = (resource: string, field: string): string => {
    for (const key of [`of.${resource}.field.${field}`, `${resource.replace(/s$/, '')}.field.${field}`, `settings.${field}`, `resource.${field}`]) if (te(key, 'zh-CN')) return t(key)
    return field
  }
  return { name, fieldName }
}

/** Where what was changed can be seen, if it is still there. */
export function linkTo({ resource, subject, action }: Change): RouteLocationRaw | null {
  if (action === 'delete') return null
  if (resource === 'orders') return { name: 'order', params: { id: String(subject) } }
  if (resource === 'documents') return { name: 'document', params: { id: String(subject) } }
  if (resource === 'reconciliation') return { name: 'reconciliation', query: { roll: String(subject) } }
  return definitions.value.has(resource) ? { name: resource, query: { id: String(subject) } } : null
}
