import { setTimeout as sleep } from 'node:timers/promises'
import type { TestStack } from '../../tests/support/start-stack.ts'
import { signalTree } from '../measure/processes.ts'
import type { CrowdProcess } from './start-crowd.ts'

/** Something that befalls a stack: when, as a part of the run, and what. */
export type Disturbance = { readonly at: number; readonly name: string; readonly run: () => Promise<unknown> }

/** Reads count again so long after the stack is healthy. */
const CALM_MS = 10_000

/** The stack with all of its parts dies and is started again at once. Returns the milliseconds until it was healthy. */
export async function killStack(stack: TestStack): Promise<number> {
  await stack.stop('SIGKILL')
  return stack.start()
}

/** Processes stand still for a while, as in a laptop that sleeps; their clocks go on. */
export async function standStill(pids: readonly number[], ms: number): Promise<void> {
  for (const pid of pids) await signalTree(pid, 'SIGSTOP')
  try {
    await sleep(ms)
  } finally {
    for (const pid of pids) await signalTree(pid, 'SIGCONT')
  }
}

/** Lets disturbances come one after the other, each at its part of so many milliseconds. */
export function startDisturbances(
  disturbances: readonly Disturbance[],
  { crowd, totalMs }: { readonly crowd: CrowdProcess; readonly totalMs: number },
) {
  const begin = performance.now()
  const stopped = new AbortController()
  let happened: string[] = []
  const running = (async () => {
    for (const { at, name, run } of disturbances) {
      await sleep(Math.max(0, begin + at * totalMs - performance.now()), undefined, stopped)
      happened.push(name)
      await crowd.disturb(true)
      await run()
      await sleep(CALM_MS)
      await crowd.disturb(false)
    }
  })().catch((error: unknown) => {
    if (!stopped.signal.aborted) throw error
  })
  running.catch(() => {}) // it is thrown by `stop`
  return {
    /** What has happened since the last call. */
    take(): string[] {
      const taken = happened
      happened = []
      return taken
    },
    /** Resolves when the one that goes on is over. Rejects if one failed. */
    async stop(): Promise<void> {
      stopped.abort()
      await running
    },
  }
}
