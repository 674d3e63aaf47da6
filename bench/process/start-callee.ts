import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { Answer, Handlers } from './serve-calls.ts'

export type Callee<H extends Handlers> = {
  readonly pid: number
  /** Resolves with what the handler returned; rejects with its error, or if the process ends. */
  call<Name extends keyof H & string>(
    name: Name,
    argument: Parameters<H[Name]>[0],
  ): Promise<Awaited<ReturnType<H[Name]>>>
  stop(): Promise<void>
}

type Waiting = { readonly resolve: (value: unknown) => void; readonly reject: (error: Error) => void }

/** Starts a module that calls `serveCalls` in a process of its own, so that its CPU is its own. */
export function startCallee<H extends Handlers>(file: URL, data: unknown): Callee<H> {
  const child = fork(file, [JSON.stringify(data)])
  const waiting = new Map<number, Waiting>()
  let last = 0
  child.on('message', ({ id, value, error }: Answer) => {
    const call = waiting.get(id)
    waiting.delete(id)
    if (error === undefined) call?.resolve(value)
    else call?.reject(new Error(error))
  })
  child.once('exit', (code) => {
    for (const { reject } of waiting.values()) reject(new Error(`${file.pathname} ended with ${code}`))
  })
  return {
    pid: child.pid ?? 0,
    call: (name, argument) => {
      const id = ++last
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve: resolve as Waiting['resolve'], reject })
        child.send({ id, name, argument })
      })
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const exited = once(child, 'exit')
      child.disconnect()
      await exited
    },
  }
}
