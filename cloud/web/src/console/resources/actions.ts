// What can be done to rows from their list, and what the cloud says when it will not.
import { api, ApiError } from '@shared/api'
import { faultsOf, useFaultText } from '../form/faults'
import type { Row } from '../form/field'
import { tell, warn } from '../layout/ask'
import { nameOfRow } from '../layout/rows'
import { useWords } from '../layout/words'

export function useRowActions(name: string, reload: () => Promise<void>) {
  const { t, te, word, errorText } = useWords()
  const { textOf } = useFaultText(() => `of.${name}`)

  async function tried(work: () => Promise<string>) {
    try {
      tell(await work())
    } catch (error) {
      warn(wordsOf(error))
    }
    await reload()
  }
  function wordsOf(error: unknown): string {
    const faults = Object.values(faultsOf(error)?.fields ?? {})
    if (faults.length > 0) return [...new Set(faults)].map((fault) => textOf(fault, undefined)).join(' ')
    if (!(error instanceof ApiError) || error.code !== 'in_use') return errorText(error)
    const by = String(error.params.by)
    const what = te(`of.${by}.title`, 'zh-CN') ? t(`of.${by}.title`) : te(`menu.${by}`, 'zh-CN') ? t(`menu.${by}`) : word('resource.by', by)
    return t('resource.inUse', { by: what, n: Number(error.params.count) })
  }

  return {
    toggle: (rows: readonly Row[], enabled: boolean) =>
      tried(async () => {
        const { changed } = await api.post<{ changed: number }>(`/${name}/enabled`, { ids: rows.map((row) => row.id), enabled })
        return t(enabled ? 'resource.enabledDone' : 'resource.disabledDone', { n: changed })
      }),
    remove: (row: Row) =>
      tried(async () => {
        await api.delete(`/${name}/${row.id}`)
        return t('resource.removed', { name: nameOfRow(row) })
      }),
  }
}
