// Who is signed in. The cookie is the truth; a mark in this browser only saves asking when nobody ever signed in.
import { reactive } from 'vue'
import { api, ApiError } from '@shared/api'
import type { Account } from '@shared/shapes'

const MARK = 'sealtrace.signed_in'

export const session = reactive<{ account: Account | null }>({ account: null })
let asked = false

/** Asks the cloud once per page load who this browser is. */
export async function restore(): Promise<void> {
  if (asked) return
  asked = true
  if (localStorage.getItem(MARK) === null) return
  try {
    session.account = (await api.get<{ account: Account }>('/session')).account
  } catch (error) {
    // Without the cloud nobody can be signed in; the login page then says what is wrong.
    if (error instanceof ApiError && error.status !== 401) asked = false
  }
}

export async function signIn(login: string, password: string): Promise<void> {
  session.account = (await api.post<{ account: Account }>('/session', { login, password })).account
  localStorage.setItem(MARK, '1')
  asked = true
}

export async function signOut(): Promise<void> {
  try {
    await api.delete('/session')
  } finally {
    forget()
  }
}

/** Whether this reader changes what the floor works against; who may look only is offered nothing else. */
export function writes(): boolean {
  return session.account?.role === 'admin' || session.account?.role === 'manager'
}

export function forget(): void {
  session.account = null
  localStorage.removeItem(MARK)
}
