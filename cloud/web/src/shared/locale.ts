// Which language the pages speak: zh-CN unless the reader chose otherwise, remembered on this browser.

export type Locale = 'zh-CN' | 'en'
const KEY = 'sealtrace.locale'

export function savedLocale(): Locale {
  try {
    return localStorage.getItem(KEY) === 'en' ? 'en' : 'zh-CN'
  } catch {
    return 'zh-CN'
  }
}

export function saveLocale(locale: Locale): void {
  try {
    localStorage.setItem(KEY, locale)
  } catch {
    // A browser that stores nothing still speaks the chosen language until it is closed.
  }
  document.documentElement.lang = locale
}
