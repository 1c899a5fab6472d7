// Numbers, times and sizes as people read them, without a locale library.

const two = (n: number) => String(n).padStart(2, '0')

export function dateTime(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return '—'
  const d = new Date(ms)
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())} ${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`
}

export function minute(ms: number | null | undefined): string {
  return dateTime(ms).slice(0, 16)
}

export function count(n: number | null | undefined): string {
  return n === null || n === undefined ? '—' : n.toLocaleString('en-US')
}

/** 0–100, never 100 before the whole is done. */
export function percent(part: number, whole: number): number {
  if (whole <= 0) return 0
  const exact = (part / whole) * 100
  return exact >= 100 ? 100 : Math.floor(exact)
}

export function bytes(n: number): string {
  if (n < 1024) return `${n} B`
  if (n < 1024 * 1024) return `${(n / 1024).toFixed(1)} KiB`
  return `${(n / 1024 / 1024).toFixed(1)} MiB`
}

export function shortHash(hash: string): string {
  return hash.length > 20 ? `${hash.slice(0, 8)}…${hash.slice(-8)}` : hash
}

/** ± of a time, in the unit that fits. */
export function plusMinus(ms: number): string {
  if (ms < 1000) return `±${ms} ms`
  if (ms < 60_000) return `±${Math.round(ms / 1000)} s`
  return `±${Math.round(ms / 60_000)} min`
}
