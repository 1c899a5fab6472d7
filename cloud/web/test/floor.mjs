// What somebody with a PDA does, by the API of its own page: logs in, opens a task, scans.
import assert from 'node:assert/strict'

export async function onTheFloor(base, { login, pin }) {
  let cookie = ''
  const send = async (method, path, body) => {
    const answer = await fetch(`${base}/api${path}`, {
      method,
      headers: { origin: base, 'content-type': 'application/json', ...(cookie ? { cookie } : {}) },
      body: body === undefined ? undefined : JSON.stringify(body),
    })
    const text = await answer.text()
    assert.ok(answer.ok, `${method} ${path} answered ${answer.status}: ${text}`)
    cookie = answer.headers.getSetCookie()[0]?.split(';')[0] ?? cookie
    return text === '' ? undefined : JSON.parse(text)
  }
  await send('POST', '/session', { login, pin })
  return {
    tasks: async () => (await send('GET', '/tasks')).rows,
    open: (screen, of) => send('POST', '/station/open', { screen, ...of }),
    async scan(text) {
      const { tone, message } = await send('POST', '/station/scan', { text, source: 'typed' })
      assert.equal(tone, 'accepted', `${text} was ${tone}: ${JSON.stringify(message)}`)
    },
  }
}

/** Asks until there is an answer. */
export async function until(what, ask, limitMs = 30_000) {
  const end = Date.now() + limitMs
  for (;;) {
    const found = await ask()
    if (found) return found
    assert.ok(Date.now() < end, `${what} did not come about in ${limitMs / 1000} s`)
    await new Promise((soon) => setTimeout(soon, 250))
  }
}
