import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { NOT_JSON } from '../../localstack/telemetry/read-output.ts'
import { freePorts } from './free-ports.ts'
import { logLeaks } from './log-leaks.ts'

export const API_KEY = 'local-dev-key'
export const SIMULATOR_KEY = 'local-simulator-key'
const READY_WITHIN_MS = 100_000

export type StackOptions = {
  /** Further environment of the stack. */
  readonly env?: Readonly<Record<string, string>>
  readonly args?: readonly string[]
  /** Another copy of the sources. */
  readonly cwd?: string
}

/** A local stack in its own process, as `npm start` runs it. */
export type TestStack = {
  readonly httpUrl: string
  readonly socketUrl: string
  readonly webUrl: string
  readonly ports: Readonly<Record<string, number>>
  readonly env: Readonly<Record<string, string>>
  readonly output: () => string
  readonly pid: () => number
  /** Sends a signal to the process and waits until it has ended. Returns its exit code or signal. */
  stop(signal?: NodeJS.Signals): Promise<number | NodeJS.Signals | null>
  /** Starts it again, on the same ports and data. Returns how long it took to be ready, in milliseconds. */
  start(): Promise<number>
  /** Stops it and removes its data. Rejects if its log has what no log may have, or a call that a role did not allow. */
  dispose(expected?: { readonly refusals: number }): Promise<void>
}

export const PORTS = [
  'HTTP_PORT',
  'WS_PORT',
  'LAMBDA_PORT',
  'WEB_PORT',
  'KAFKA_PORT',
  'DYNAMODB_PORT',
  'IDENTITY_PORT',
] as const

/** Starts a stack on free ports with its own data folder, and waits until `/health` returns 200. */
export async function startStack({
  env = {},
  args = ['--no-demo'],
  cwd = '.',
}: StackOptions = {}): Promise<TestStack> {
  const numbers = await freePorts(PORTS.length)
  const ports = Object.fromEntries(PORTS.map((name, index) => [name, numbers[index] ?? 0]))
  const dataDir = await mkdtemp(join(tmpdir(), 'tidewire-stack-'))
  const texts = Object.entries(ports).map(([name, port]) => [name, String(port)])
  const own = { ...Object.fromEntries(texts), TIDEWIRE_DATA: dataDir, RATE_LIMITS: 'off', ...env }
  const httpUrl = `http://127.0.0.1:${ports.HTTP_PORT}`
  let child: ChildProcess | null = null
  let output = ''

  const start = async () => {
    const begin = performance.now()
    const onOutput = (text: string) => {
      output += text
    }
    const started = spawnStack(own, args, onOutput, cwd)
    child = started
    await untilReady(httpUrl, started, () => output)
    return performance.now() - begin
  }
  const stop = async (signal: NodeJS.Signals = 'SIGINT') => {
    const running = child
    child = null
    if (running === null || running.exitCode !== null || running.signalCode !== null)
      return running?.exitCode ?? null
    const exited = new Promise<number | NodeJS.Signals | null>((done) =>
      running.once('exit', (code, by) => done(code ?? by)),
    )
    running.kill(signal)
    return exited
  }
  await start().catch(async (error: unknown) => {
    await stop('SIGKILL')
    throw error
  })
  return {
    httpUrl,
    socketUrl: `ws://127.0.0.1:${ports.WS_PORT}`,
    webUrl: `http://127.0.0.1:${ports.WEB_PORT}`,
    ports,
    env: own,
    output: () => output,
    pid: () => child?.pid ?? 0,
    start,
    stop,
    async dispose({ refusals } = { refusals: 0 }) {
      await stop('SIGKILL')
      await rm(dataDir, { recursive: true, force: true })
      const leaks = logLeaks(output)
      if (leaks.length > 0) throw new Error(`the log of a stack has secrets or data:\n${leaks.join('\n')}`)
      const texts = output.split('\n').filter((line) => line.includes(NOT_JSON))
      if (texts.length > 0) throw new Error(texts.join('\n'))
      const denied = output.split('\n').filter((line) => line.startsWith('AccessDenied:'))
      if (denied.length !== refusals)
        throw new Error(`calls of functions were not allowed by their roles:\n${denied.join('\n')}`)
    },
  }
}

/** Runs what `npm start` runs, on the pinned Node. */
export function spawnStack(
  env: Readonly<Record<string, string>>,
  args: readonly string[],
  onOutput: (text: string) => void,
  cwd = '.',
): ChildProcess {
  const flags = ['--disable-warning=TimeoutNegativeWarning', 'localstack/start.ts', ...args]
  const child = spawn(resolve('node_modules/.bin/node'), flags, { cwd, env: { ...process.env, ...env } })
  child.stdout?.on('data', (chunk: Buffer) => onOutput(chunk.toString()))
  child.stderr?.on('data', (chunk: Buffer) => onOutput(chunk.toString()))
  return child
}

async function untilReady(httpUrl: string, child: ChildProcess, output: () => string): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`the stack ended with ${child.exitCode}:\n${output()}`)
    const isReady = await fetch(`${httpUrl}/health`).then(
      async (response) => response.ok && ((await response.json()) as { status?: string }).status === 'ok',
      () => false, // it does not listen yet
    )
    if (isReady) return
    await sleep(50)
  }
  throw new Error(`the stack was not ready within ${READY_WITHIN_MS} ms:\n${output()}`)
}
