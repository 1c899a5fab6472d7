// The console's words and the switch between its two languages.
import { createI18n } from 'vue-i18n'
import { saveLocale, savedLocale } from '@shared/locale'
import { resourceWords } from '../resources'
import en from '../words/en'
import zhCN from '../words/zh-CN'

export const i18n = createI18n({
  legacy: false,
  locale: savedLocale() as string,
  fallbackLocale: 'zh-CN',
  messages: { 'zh-CN': { ...zhCN, of: resourceWords('zh-CN') }, en: { ...en, of: resourceWords('en') } },
})

document.documentElement.lang = savedLocale()

export function switchLanguage(): void {
  const next = i18n.global.locale.value === 'en' ? 'zh-CN' : 'en'
  i18n.global.locale.value = next
  saveLocale(next)
}
