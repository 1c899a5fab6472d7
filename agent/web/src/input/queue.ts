// Work for the station, strictly one after another: nothing overtakes, nothing is lost while an answer is awaited.
import type { Command, Source } from '../api/types'

export type Job =
  | { kind: 'scan'; text: string; source: Source }
  | { kind: 'command'; command: Command }
  | { kind: 'picture'; picture: Blob }

/** The same text from two different listeners within this time is one scan. */
const TWIN_MS_MAX = 500

export class JobQueue {
  private waiting: Job[] = []
  private running = false
  private onIdle: (() => void)[] = []
  private lastScan: { text: string; source: Source; at: number } | null = null

  constructor(
    private readonly work: (job: Job) => Promise<void>,
    private readonly now: () => number,
  ) {}

  /** False when the job was a twin of one just taken. */
  push(job: Job): boolean {
    if (job.kind === 'scan' && this.isTwin(job.text, job.source)) return false
    this.waiting.push(job)
    void this.run()
    return true
  }

  /** Removes what has not started and hands it back, so that it can be shown as not counted. */
  drain(): Job[] {
    return this.waiting.splice(0)
  }

  /** Resolves once nothing is under way or waiting. */
  idle(): Promise<void> {
    if (this.length === 0) return Promise.resolve()
    return new Promise((resolve) => this.onIdle.push(resolve))
  }

  /** Jobs under way or waiting. */
  get length(): number {
    return this.waiting.length + (this.running ? 1 : 0)
  }

  private isTwin(text: string, source: Source): boolean {
    const at = this.now()
    const last = this.lastScan
    if (last !== null && last.text === text && last.source !== source && at - last.at <= TWIN_MS_MAX) return true
    this.lastScan = { text, source, at }
    return false
  }

  private async run(): Promise<void> {
    if (this.running) return
    this.running = true
    try {
      for (let job = this.waiting.shift(); job !== undefined; job = this.waiting.shift()) await this.work(job)
    } finally {
      this.running = false
      for (const resolve of this.onIdle.splice(0)) resolve()
    }
  }
}
