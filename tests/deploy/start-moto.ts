import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePorts } from '../support/free-ports.ts'

export type Moto = {
  readonly endpoint: string
  /** Forgets all that was created. */
  reset(): Promise<void>
  stop(): Promise<void>
}

const READY_WITHIN_MS = 60_000

/** Starts moto's server on a free port: an AWS in memory. Rejects if it does not start. */
export async function startMoto(motoServer: string): Promise<Moto> {
  const [port = 0] = await freePorts(1)
  const endpoint = `http://127.0.0.1:${port}`
  const child = spawn(motoServer, ['-H', '127.0.0.1', '-p', String(port)], {
    stdio: 'ignore',
  })
  const ended = new Promise<void>((done) => child.once('exit', () => done()))
  const deadline = Date.now() + READY_WITHIN_MS
  while (!(await isReady(endpoint))) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error('moto_server did not start')
    await sleep(100)
  }
  return {
    endpoint,
    async reset() {
      await fetch(`${endpoint}/moto-api/reset`, { method: 'POST' })
    },
    async stop() {
      child.kill()
      await ended
    },
  }
}

function isReady(endpoint: string): Promise<boolean> {
  return fetch(`${endpoint}/moto-api/data.json`).then(
    ({ ok }) => ok,
    () => false, // it does not listen yet
  )
}
