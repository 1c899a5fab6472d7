// Starts the demo program: the main job with the real programs, which then stay up to be looked at.
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { binary } from './cloud.mjs'

const JOB_MS_MAX = 180_000
const STOP_MS_MAX = 40_000

/** Runs the job; answers its figures, where everything is, and how to stop it. */
export async function startWorld() {
  const data = await mkdtemp(join(tmpdir(), 'sealtrace-world-'))
  const demo = spawn(binary('demo'), ['--json', '--anywhere', '--data', join(data, 'world')], { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  let lines = ''
  demo.stderr.on('data', (bytes) => { said = (said + bytes).slice(-8000) })
  demo.stdout.on('data', (bytes) => { lines += bytes })
  const ended = new Promise((done) => demo.once('exit', done))
  // It stops cloud and agents on SIGINT; a hard kill would leave them behind, so it gets time.
  const interrupt = () => demo.kill('SIGINT')
  process.on('exit', interrupt)
  const stop = async () => {
    interrupt()
    const hard = setTimeout(() => demo.kill('SIGKILL'), STOP_MS_MAX)
    await ended
    clearTimeout(hard)
    process.off('exit', interrupt)
    await rm(data, { recursive: true, force: true })
  }
  const limit = Date.now() + JOB_MS_MAX
  while (lines.split('\n').length < 3) {
    if (demo.exitCode === null && Date.now() < limit) {
      await new Promise((soon) => setTimeout(soon, 200))
      continue
    }
    await stop()
    throw new Error(`the demo did not finish its job (exit code ${demo.exitCode}):\n${said}`)
  }
  const [summary, places] = lines.split('\n').map((line) => line && JSON.parse(line))
  return { summary, places, stop }
}
