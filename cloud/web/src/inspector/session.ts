// Who is signed in on this phone.
import { reactive } from 'vue'
import { api, ApiError } from '@shared/api'
import type { Account } from '@shared/shapes'

const MARK = 'sealtrace.inspector'

export const session = reactive<{ account: Account | null; restored: boolean }>({ account: null, restored: false })

function remembered(): Account | null {
  try {
    return JSON.parse(localStorage.getItem(MARK) ?? 'null') as Account | null
  } catch {
    return null
  }
}

/** Without signal the remembered account keeps working: what it files waits on the phone. */
export async function restore(): Promise<void> {
  try {
    if (localStorage.getItem(MARK) !== null || localStorage.getItem('sealtrace.signed_in') !== null) {
      session.account = (await api.get<{ account: Account }>('/session')).account
      localStorage.setItem(MARK, JSON.stringify(session.account))
    }
  } catch (error) {
    if (error instanceof ApiError && error.status === 0) session.account = remembered()
  } finally {
    session.restored = true
  }
}

export async function signIn(login: string, password: string): Promise<void> {
  session.account = (await api.post<{ account: Account }>('/session', { login, password })).account
  localStorage.setItem(MARK, JSON.stringify(session.account))
}

export async function signOut(): Promise<void> {
  await api.delete('/session').catch(() => undefined)
  forget()
  localStorage.removeItem('sealtrace.signed_in')
}

export function forget(): void {
  session.account = null
  localStorage.removeItem(MARK)
}
