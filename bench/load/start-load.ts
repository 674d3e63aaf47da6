import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { Phase, Plan, Target } from './load.ts'

export type Call =
  | { readonly do: 'connect'; readonly viewers: number }
  | { readonly do: 'run'; readonly plan: Plan }
export type Answer = {
  readonly connected?: number
  readonly phase?: Phase
  readonly error?: string
}

export type LoadProcess = {
  readonly pid: number
  connect(viewers: number): Promise<number>
  run(plan: Plan): Promise<Phase>
  stop(): Promise<void>
}

/** Starts a load generator in a process of its own, so that its CPU is not that of a server or of the runner. */
export function startLoad(target: Target): LoadProcess {
  const child = fork(new URL('./load-process.ts', import.meta.url), [JSON.stringify(target)])
  async function call(message: Call): Promise<Answer> {
    const answered = once(child, 'message')
    const ended = once(child, 'exit').then(() => Promise.reject(new Error('the load generator ended')))
    child.send(message)
    const [answer] = (await Promise.race([answered, ended])) as [Answer]
    if (answer.error !== undefined) throw new Error(answer.error)
    return answer
  }
  return {
    pid: child.pid ?? 0,
    async connect(viewers) {
      return (await call({ do: 'connect', viewers })).connected ?? 0
    },
    async run(plan) {
      const { phase } = await call({ do: 'run', plan })
      if (phase === undefined) throw new Error('the load generator returned no figures')
      return phase
    },
    async stop() {
      if (child.exitCode !== null) return
      const exited = once(child, 'exit')
      child.disconnect()
      await exited
    },
  }
}
