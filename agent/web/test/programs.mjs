// Starts the real cloud and the real agent on private ports and folders, and speaks to the cloud's API as the console does.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const BINARIES = process.env.SEALTRACE_BINARIES || fileURLToPath(new URL('../../../target/debug/', import.meta.url))
const START_MS_MAX = 30000
const STOP_MS_MAX = 10000
const ADMIN = { login: 'admin', password: 'a long password of the test' }

// Ended from outside, a test still ends what it started: handlers of `exit` run.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

function binary(name) {
  const path = join(BINARIES, name)
  if (!existsSync(path)) throw new Error(`${path} is missing: run cargo build --workspace --all-targets, or name the folder of the programs in SEALTRACE_BINARIES`)
  return path
}

/** Runs a program to its end; an error carries what it complained about. */
function run(program, args, input = '') {
  const { status, stdout, stderr, error } = spawnSync(program, args, { input, encoding: 'utf8', timeout: START_MS_MAX })
  if (status !== 0) throw new Error(`${program} ${args[0]} ended with ${status}: ${error ?? stderr}`)
  return stdout
}

async function freePort() {
  const server = createServer()
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** A running program that was found ready, and heard while it speaks; `stop` ends it by its pid and waits until it is gone. */
async function start(program, args, ready, hear = () => {}) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => hear((said = (said + bytes).slice(-8000))))
  const gone = new Promise((resolve) => child.on('exit', resolve))
  const kill = () => child.kill('SIGKILL')
  process.on('exit', kill)
  const stop = async (signal = 'SIGTERM') => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal)
    const hard = setTimeout(kill, STOP_MS_MAX)
    await gone
    clearTimeout(hard)
    process.off('exit', kill)
  }
  const deadline = Date.now() + START_MS_MAX
  while (!(await ready().catch(() => false))) {
    if (child.exitCode === null && Date.now() < deadline) {
      await pause(100)
      continue
    }
    await stop()
    throw new Error(`${program} ${args.join(' ')} did not become ready (exit code ${child.exitCode}):\n${said}`)
  }
  return { stop }
}

const answers = (url) => async () => (await fetch(url)).ok

/** A cloud in a new folder with one admin, signed in. */
export async function startCloud() {
  const folder = mkdtempSync(join(tmpdir(), 'sealtrace-cloud-'))
  const [web, device] = [await freePort(), await freePort()]
  const program = binary('sealtrace-cloud')
  run(program, ['admin', 'create-account', '--data', folder, '--login', ADMIN.login, '--name', '管理员', '--role', 'admin', '--password-stdin'], `${ADMIN.password}\n`)
  const url = `http://127.0.0.1:${web}`
  const serve = () => start(program, ['serve', '--data', folder, '--web', `127.0.0.1:${web}`, '--device', `127.0.0.1:${device}`], answers(`${url}/healthz`))
  let running = await serve()
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
  const halt = () => running.stop()
  const stop = async () => {
    await halt()
    rmSync(folder, { recursive: true, force: true })
  }
  const resume = async () => {
    running = await serve()
  }
  await call('POST', '/session', ADMIN)
  /** What a device could not send, from a file; what was said of it, line by line. */
  const importBacklog = (file) => run(program, ['import-backlog', '--data', folder, '--json', file]).trim().split('\n').map((line) => JSON.parse(line))
  return { url, call, stop, halt, resume, importBacklog }
}

/** A label printer on a port of its own; `label(n)` waits for its nth label, a PNG. */
export async function startPrinter() {
  const paper = mkdtempSync(join(tmpdir(), 'sealtrace-paper-'))
  let address = null
  const hear = (text) => (address ??= /^(127\.0\.0\.1:\d+)$/m.exec(text)?.[1] ?? null)
  const running = await start(binary('props'), ['printer', '--paper', paper], async () => address !== null, hear)
  const label = async (n) => {
    const path = join(paper, `${n}.png`)
    for (const deadline = Date.now() + START_MS_MAX; !existsSync(path); await pause(50)) if (Date.now() > deadline) throw new Error(`label ${n} did not come out`)
    return readFileSync(path)
  }
  const stop = async () => {
    await running.stop()
    rmSync(paper, { recursive: true, force: true })
  }
  return { address, label, stop }
}

/** A film for the browser's camera: looks of some seconds, each of texts that are in view together. */
export function makeFilm(looks, seconds = 3) {
  const folder = mkdtempSync(join(tmpdir(), 'sealtrace-film-'))
  const path = join(folder, 'camera.mjpeg')
  run(binary('props'), ['film', '--out', path, '--seconds', String(seconds), ...looks.map((texts) => texts.join(' '))])
  return { path, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** An agent enrolled at a cloud with the token, running, and told what the cloud knows; `config` is the text of its file. */
export async function startAgent(cloud, token, config = null) {
  const folder = mkdtempSync(join(tmpdir(), 'sealtrace-agent-'))
  const program = binary('sealtrace-agent')
  run(program, ['enrol', '--data', folder, '--cloud', cloud.url, '--token', token])
  const port = await freePort()
  const url = `http://127.0.0.1:${port}/`
  const args = ['run', '--data', folder, '--ui', `127.0.0.1:${port}`]
  if (config !== null) {
    writeFileSync(join(folder, 'agent.toml'), config)
    args.push('--config', join(folder, 'agent.toml'))
  }
  const status = async () => (await fetch(`${url}api/status`)).json()
  let running = await start(program, args, async () => (await status()).last_feed_at !== null)
  return {
    url,
    status,
    kill: () => running.stop('SIGKILL'),
    restart: async () => {
      running = await start(program, args, answers(`${url}api/status`))
    },
    stop: async () => {
      await running.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
