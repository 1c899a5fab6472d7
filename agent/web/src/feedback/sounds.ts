// The sounds: what each outcome sounds like (pure table), and playing them once a touch has unlocked audio.
import { ref } from 'vue'
import type { Tone } from '../api/types'

/** Outcomes an operator must tell apart with eyes closed. */
export type Sound = Tone | 'repeat' | 'unreadable' | 'several'

interface Note {
  hz: number
  ms: number
  /** Silence after the note. */
  restMs: number
}

interface Signal {
  wave: OscillatorType
  notes: Note[]
  vibration: number[]
}

const note = (hz: number, ms: number, restMs = 40): Note => ({ hz, ms, restMs })

export const SIGNALS: Record<Sound, Signal> = {
  ready: { wave: 'sine', notes: [note(660, 40)], vibration: [] },
  accepted: { wave: 'sine', notes: [note(1760, 90)], vibration: [40] },
  repeat: { wave: 'triangle', notes: [note(880, 80), note(880, 80)], vibration: [60, 60, 60] },
  unreadable: { wave: 'triangle', notes: [note(660, 90), note(440, 140)], vibration: [30, 40, 30, 40, 30] },
  several: { wave: 'triangle', notes: [note(440, 70), note(660, 70), note(440, 70)], vibration: [80, 40, 30] },
  warning: { wave: 'triangle', notes: [note(988, 120), note(740, 180)], vibration: [120, 80, 60] },
  refused: { wave: 'square', notes: [note(196, 350, 70), note(196, 350)], vibration: [350, 100, 350] },
  critical: { wave: 'sawtooth', notes: [note(1200, 160, 0), note(600, 160, 0), note(1200, 160, 0), note(600, 240)], vibration: [600, 120, 600, 120, 600] },
}

const BY_CODE: Record<string, Sound> = {
  repeat: 'repeat',
  scanned_twice: 'repeat',
  unreadable: 'unreadable',
  stalled: 'unreadable',
  no_end: 'unreadable',
  too_long: 'unreadable',
  no_code_in_picture: 'unreadable',
  several_codes: 'several',
}

/** A true error keeps its own sound; below it the reason decides. */
export function soundFor(tone: Tone, code: string): Sound {
  if (tone === 'critical') return 'critical'
  const special = BY_CODE[code]
  return tone === 'accepted' || special === undefined ? tone : special
}

const LOUDNESS = 0.5
const FADE_S = 0.008

let audio: AudioContext | null = null
export const soundReady = ref(false)

/** Browsers let a page sound only after a touch: called at the login tap and at every first touch. */
export function unlockSound(): void {
  const legacy = window as unknown as { webkitAudioContext?: typeof AudioContext }
  const Context = window.AudioContext || legacy.webkitAudioContext
  if (Context === undefined) return
  if (audio === null) audio = new Context()
  const context = audio
  if (context.state === 'running') soundReady.value = true
  else void context.resume().then(() => (soundReady.value = true))
}

export function play(sound: Sound): void {
  const signal = SIGNALS[sound]
  if (signal.vibration.length > 0 && typeof navigator.vibrate === 'function') navigator.vibrate(signal.vibration)
  document.documentElement.setAttribute('data-sound', sound)
  if (audio === null || audio.state !== 'running') return
  let at = audio.currentTime
  for (const { hz, ms, restMs } of signal.notes) {
    oneNote(audio, signal.wave, hz, at, ms / 1000)
    at += (ms + restMs) / 1000
  }
}

function oneNote(context: AudioContext, wave: OscillatorType, hz: number, at: number, seconds: number): void {
  const oscillator = context.createOscillator()
  const gain = context.createGain()
  oscillator.type = wave
  oscillator.frequency.setValueAtTime(hz, at)
  gain.gain.setValueAtTime(0, at)
  gain.gain.linearRampToValueAtTime(LOUDNESS, at + FADE_S)
  gain.gain.setValueAtTime(LOUDNESS, at + seconds - FADE_S)
  gain.gain.linearRampToValueAtTime(0, at + seconds)
  oscillator.connect(gain)
  gain.connect(context.destination)
  oscillator.start(at)
  oscillator.stop(at + seconds)
}
