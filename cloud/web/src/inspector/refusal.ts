// What went wrong, in the language of the page.
import { ApiError } from '@shared/api'
import { i18n } from './words'

export function refusalText(error: unknown): string {
  const { t, te } = i18n.global
  if (!(error instanceof ApiError)) return t('error.other', { code: String(error) })
  if (te(`error.${error.code}`, 'zh-CN')) return t(`error.${error.code}`)
  if (error.status === 403) return t('error.forbidden')
  if (error.status === 429) return t('error.too_many_requests')
  if (error.status >= 500) return t('error.internal')
  return t('error.other', { code: error.code })
}
