// Starts the real cloud and the real agent on private ports and folders, and speaks to the cloud's API as the console does.
import { execFile, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const built = (name) => fileURLToPath(new URL(`../../../target/debug/${name}`, import.meta.url))
export const AGENT = process.env.SEALTRACE_AGENT_BIN || built('sealtrace-agent')
export const CLOUD = process.env.SEALTRACE_CLOUD_BIN || built('sealtrace-cloud')
const START_MS_MAX = 30000
const STOP_MS_MAX = 10000
const ADMIN = { login: 'admin', password: 'a long password of the test' }

/** Why the real programs cannot be used, or false. */
export async function whyNotReal() {
  for (const [program, word] of [[CLOUD, 'serve'], [AGENT, 'enrol']]) {
    if (!existsSync(program)) return `${program} is not built: cargo build`
    const { stdout } = await run(program, ['--help'], { timeout: START_MS_MAX })
    if (!stdout.includes(word)) return `${program} --help knows no "${word}"`
  }
  return false
}

export async function freePort() {
  const server = createServer()
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** A running program; `stop` ends it by its pid and waits until it is gone. */
async function start(program, args, url) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (said = (said + bytes).slice(-8000)))
  const gone = new Promise((resolve) => child.on('exit', resolve))
  const deadline = Date.now() + START_MS_MAX
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${program} ${args.join(' ')} ended with ${child.exitCode}:\n${said}`)
    const answers = await fetch(url).then((response) => response.status < 500, () => false)
    if (answers) break
    if (Date.now() > deadline) throw new Error(`${program} does not answer at ${url}:\n${said}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  const stop = async (signal = 'SIGTERM') => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal)
    const hard = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX)
    await gone
    clearTimeout(hard)
  }
  return { stop, said: () => said }
}

/** A cloud in a new folder with one admin, signed in. */
export async function startCloud() {
  const folder = mkdtempSync(join(tmpdir(), 'sealtrace-cloud-'))
  const [web, device] = [await freePort(), await freePort()]
  await run(CLOUD, ['admin', '--data', folder, '--login', ADMIN.login, '--password', ADMIN.password])
  const url = `http://127.0.0.1:${web}`
  const running = await start(CLOUD, ['serve', '--data', folder, '--web', `127.0.0.1:${web}`, '--device', `127.0.0.1:${device}`], `${url}/healthz`)
  let cookie = ''
  const call = async (method, path, body) => {
    const response = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: { 'Content-Type': 'application/json', Origin: url, Cookie: cookie },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const set = response.headers.get('set-cookie')
    if (set) cookie = set.split(';')[0]
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
    return response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : text
  }
  await call('POST', '/session', ADMIN)
  const stop = async () => {
    await running.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  return { url, call, stop, halt: () => running.stop() }
}

/** An agent enrolled at a cloud for the sites of the token, and running. */
export async function startAgent(cloud, token) {
  const folder = mkdtempSync(join(tmpdir(), 'sealtrace-agent-'))
  await run(AGENT, ['enrol', '--data', folder, '--cloud', cloud.url, '--token', token])
  const port = await freePort()
  const url = `http://127.0.0.1:${port}/`
  const args = ['run', '--data', folder, '--listen', `127.0.0.1:${port}`]
  let running = await start(AGENT, args, `${url}api/status`)
  return {
    url,
    async kill() {
      await running.stop('SIGKILL')
    },
    async restart() {
      running = await start(AGENT, args, `${url}api/status`)
    },
    async stop() {
      await running.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
