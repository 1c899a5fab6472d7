// What can be set for the scanner on this device; kept in the browser, read at every key.
import { reactive, watch } from 'vue'
import type { WedgeSettings } from './wedge'

const STORE_KEY = 'sealtrace.scanner'
const DEFAULTS: WedgeSettings = { interKeyMs: 100, gsSubstitute: '\u241d' }
export const INTER_KEY_MS_RANGE = { min: 20, max: 2000 }

function load(): WedgeSettings {
  try {
    const saved = JSON.parse(window.localStorage.getItem(STORE_KEY) || '{}') as Partial<WedgeSettings>
    const ms = Number(saved.interKeyMs)
    return {
      interKeyMs: ms >= INTER_KEY_MS_RANGE.min && ms <= INTER_KEY_MS_RANGE.max ? ms : DEFAULTS.interKeyMs,
      gsSubstitute: typeof saved.gsSubstitute === 'string' && saved.gsSubstitute !== '' ? saved.gsSubstitute : DEFAULTS.gsSubstitute,
    }
  } catch (unreadable) {
    return { ...DEFAULTS }
  }
}

export const scannerSettings = reactive(load())

watch(scannerSettings, (settings) => {
  try {
    window.localStorage.setItem(STORE_KEY, JSON.stringify(settings))
  } catch (full) {
    // Storage may be switched off in a WebView: the setting then lasts until the page is closed.
  }
})
