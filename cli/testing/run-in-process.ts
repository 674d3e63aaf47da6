import { PassThrough, Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import type { Terminal } from '../lib/cli-context.ts'
import { type Clock, systemClock } from '../lib/clock.ts'
import { runCli } from '../run-cli.ts'

export type Ran = { readonly code: number; readonly stdout: string; readonly stderr: string }
export type RunOptions = {
  readonly stdin?: string | Readable
  readonly env?: Readonly<Record<string, string>>
  readonly clock?: Clock
  readonly signal?: AbortSignal
  readonly tty?: boolean
}

/** A command that is running: what it has printed so far, and how it ends. */
export type Running = {
  readonly stdout: () => string
  readonly stderr: () => string
  readonly ended: Promise<Ran>
}

/** Starts one command line inside the test. */
export function startInProcess(args: readonly string[], options: RunOptions = {}): Running {
  const { stdin = '', env = {}, clock = systemClock, tty = false } = options
  const stdout = collect(tty)
  const stderr = collect(tty)
  const input = typeof stdin === 'string' ? Readable.from([Buffer.from(stdin)]) : stdin
  const ended = runCli(args, {
    stdin: Object.assign(input, { isTTY: tty }),
    stdout: stdout.stream,
    stderr: stderr.stream,
    env,
    clock,
    signal: options.signal ?? new AbortController().signal,
  }).then((code) => ({ code, stdout: stdout.text(), stderr: stderr.text() }))
  return { stdout: stdout.text, stderr: stderr.text, ended }
}

/** Runs one command line inside the test. */
export function runInProcess(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  return startInProcess(args, options).ended
}

/** A clock that sleeps at once, and how the time of day is set to another one. */
type InstantClock = Clock & { readonly setBy: (ms: number) => void }

/** Returns a clock without real waiting: a sleep sets it forward and ends at once. */
export function instantClock(): InstantClock {
  let timeOfDay = Date.parse('2026-05-17T08:00:00Z')
  let elapsed = 0
  return {
    now: () => timeOfDay + elapsed,
    elapsed: () => elapsed,
    setBy: (ms) => {
      timeOfDay += ms
    },
    sleep: async (ms, signal) => {
      await setImmediate()
      signal.throwIfAborted()
      elapsed += ms
    },
  }
}

function collect(tty: boolean): { stream: Terminal; text: () => string } {
  const chunks: Buffer[] = []
  const stream = new PassThrough()
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  return {
    stream: Object.assign(stream, { isTTY: tty, columns: 160 }),
    text: () => Buffer.concat(chunks).toString(),
  }
}
