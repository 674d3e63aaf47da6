import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { type Clock, systemClock } from './clock.ts'

type Log = (line: string) => void
type Options = { readonly httpUrl: string; readonly apiKey: string; readonly log: Log }

/** One run of the demo. */
export type DemoRun = {
  /** Why it ended: never because it was done, for it has no end. */
  readonly ended: Promise<string>
  stop(): Promise<unknown>
}

type Supervision = {
  /** Starts a run. `onLine` gets what it says. */
  readonly run: (onLine: Log) => DemoRun
  readonly log: Log
  readonly clock?: DemoClock
}

type DemoClock = Pick<Clock, 'elapsed'> & {
  /** Rejects when the signal is aborted. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<unknown>
}

/** Events per second of all domains together: enough to look alive, and a small load for a laptop. */
const RATE = '5'
const FIRST_PAUSE_MS = 1000
const LONGEST_PAUSE_MS = 60_000
/** A run that lasted as long was well: the next pause is the first one again. */
const GOOD_RUN_MS = 60_000

const REAL_CLOCK: DemoClock = {
  elapsed: systemClock.elapsed,
  sleep: (ms, signal) => sleep(ms, undefined, { signal }),
}

/**
 * Runs `tidewire simulate all` against this stack, and starts it again when it ends. It is a client like any other, on a
 * thread of its own, so that it ends with this process.
 */
export async function startDemo({ httpUrl, apiKey, log }: Options) {
  const run = (onLine: Log) => runSimulator({ httpUrl, apiKey }, onLine)
  return { endpoint: httpUrl, ...keepRunning({ run, log }) }
}

/**
 * Keeps the demo running until `stop`: a run that ends is followed by another after a pause, which grows while they end
 * early. Logs when the demo waits for the stack, when it goes on, and when it ended.
 */
export function keepRunning({ run, log, clock = REAL_CLOCK }: Supervision): { stop(): Promise<void> } {
  const stopping = new AbortController()
  let running: DemoRun | null = null

  const supervise = async (): Promise<void> => {
    for (let failures = 0; !stopping.signal.aborted; ) {
      const began = clock.elapsed()
      running = run(createNarrator(log))
      const reason = await running.ended
      if (stopping.signal.aborted) return
      failures = clock.elapsed() - began > GOOD_RUN_MS ? 0 : failures
      const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures++)
      log(`the demo ended (${reason}); it starts again in ${pauseMs / 1000} s`)
      await clock.sleep(pauseMs, stopping.signal).catch(() => {})
    }
  }
  const supervising = supervise()
  return {
    async stop() {
      stopping.abort()
      await running?.stop()
      await supervising
    },
  }
}

/** Returns what logs that the simulator waits, once for each outage, and that it goes on. */
function createNarrator(log: Log): Log {
  let isWaiting = false
  return (line) => {
    const [, reason] = /: (.*); trying again in /.exec(line) ?? []
    if (reason !== undefined && !isWaiting) {
      isWaiting = true
      log(`the demo waits: the stack does not accept events (${reason}); it goes on by itself`)
    } else if (isWaiting && line.endsWith('responds again')) {
      isWaiting = false
      log('the demo goes on')
    }
  }
}

function runSimulator({ httpUrl, apiKey }: Omit<Options, 'log'>, onLine: Log): DemoRun {
  const worker = new Worker(new URL('../cli/main.ts', import.meta.url), {
    argv: ['simulate', 'all', '--rate', RATE, '--url', httpUrl, '--key', apiKey],
    execArgv: [],
    stdout: true,
    stderr: true,
  })
  worker.stdout.resume()
  let last = ''
  createInterface(worker.stderr).on('line', (line) => {
    last = line || last
    onLine(line)
  })
  const ended = new Promise<string>((resolve) => {
    worker.once('error', (cause) => resolve(String(cause)))
    worker.once('exit', (code) => resolve(last.replace(/^tidewire: /, '') || `exit code ${code}`))
  })
  return { ended, stop: () => worker.terminate() }
}
