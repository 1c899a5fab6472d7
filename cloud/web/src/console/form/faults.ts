// What is wrong with a form, in the reader's language.
import { ApiError } from '@shared/api'
import { useWords } from '../layout/words'
import { listed } from '../layout/values'
import type { Faults, Values } from './field'

export const NO_FAULTS: Faults = { fields: {}, details: {} }

/** What a refusal says about fields; none when it is about something else. */
export function faultsOf(error: unknown): Faults | null {
  if (!(error instanceof ApiError)) return null
  const { fields, details, field } = error.params as { fields?: Faults['fields']; details?: Faults['details']; field?: string }
  if (error.code === 'invalid' && fields) return { fields, details: details ?? {} }
  // The number names another row already: said at the number, with where it differs.
  if (error.code === 'number_taken') return { fields: { number: 'taken_differently' }, details: { number: { ...error.params, field } } }
  return null
}

export function useFaultText(words: () => string) {
  const { t, te, placeName } = useWords()
  const has = (key: string) => te(key, 'zh-CN')
  const fieldName = (name: string) => (has(`${words()}.field.${name}`) ? t(`${words()}.field.${name}`) : name)

  function textOf(fault: string, details: Values | undefined): string {
    const params = Object.fromEntries(Object.entries(details ?? {}).map(([name, value]) => [name, name === 'field' ? fieldName(String(value)) : name === 'regions' ? (value as string[]).map(placeName).join(t('diversion.and')) : listed(value)]))
    const exact = `fault.${fault}_${Object.keys(params).sort().join('_')}`
    if (has(exact)) return t(exact, params)
    return has(`fault.${fault}`) ? t(`fault.${fault}`, params) : t('fault.other', { fault })
  }
  return { textOf, fieldName }
}
