import { startCallee } from '../process/start-callee.ts'
import type { Load, Target } from './load.ts'
import type { LoadHandlers } from './load-process.ts'

export type LoadProcess = Omit<Load, 'close'> & { readonly pid: number; stop(): Promise<void> }

/** Starts a load generator in a process of its own, so that its CPU is not that of a server or of the runner. */
export function startLoad({ protocol, postUrl, socketUrl, headers }: Target): LoadProcess {
  const target = { protocol, postUrl, socketUrl, headers }
  const { pid, call, stop } = startCallee<LoadHandlers>(new URL('./load-process.ts', import.meta.url), target)
  return { pid, stop, connect: (viewers) => call('connect', viewers), run: (plan) => call('run', plan) }
}
