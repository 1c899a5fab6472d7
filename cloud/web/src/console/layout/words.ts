// Words for codes the cloud answers with. A code without a word is shown as it is, never hidden.
import { useI18n } from 'vue-i18n'
import { ApiError } from '@shared/api'
import type { Place, Region, Tagged } from '@shared/shapes'
import { nameOf, rejectionText } from '@shared/words/rejection'
import { places } from './places'

export function useWords() {
  const { t, te, locale } = useI18n()

  /** What a refusal's code says, for those that come without a status. */
  const codeText = (code: string): string => (te(`error.${code}`, 'zh-CN') ? t(`error.${code}`) : t('error.other', { code }))

  function word(group: string, code: string | null | undefined): string {
    if (!code) return '—'
    const key = `${group}.${code}`
    return te(key) || te(key, 'zh-CN') ? t(key) : code
  }

  const rejection = (tagged: Tagged): string => rejectionText(tagged, locale.value === 'en' ? 'en' : 'zh-CN')

  function errorText(error: unknown): string {
    if (!(error instanceof ApiError)) return t('error.other', { code: String(error) })
    // The rules of the ledger say no in their own words.
    if (error.params.rejection) return rejection(error.params.rejection as Tagged)
    if (te(`error.${error.code}`, 'zh-CN')) return t(`error.${error.code}`)
    if (error.status === 403) return t('error.forbidden')
    if (error.status === 404) return t('error.not_found')
    if (error.status === 429) return t('error.too_many_requests')
    if (error.status >= 500) return t('error.internal')
    return t('error.other', { code: error.code })
  }

  /** A region's name in the language of the page; the cloud sends the Chinese one along. */
  function regionName(region: Region | Place): string {
    if (locale.value !== 'en') return region.name
    return places.value.get(region.code)?.en ?? region.name
  }

  /** The same, by its code alone. */
  function placeName(code: string): string {
    const place = places.value.get(code)
    return place ? regionName(place) : code
  }

  return {
    t,
    te,
    locale,
    word,
    codeText,
    errorText,
    regionName,
    placeName,
    rejection,
    tagName: nameOf,
  }
}
