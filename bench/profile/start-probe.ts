import { createServer, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { onLines } from './on-lines.ts'
import type { ProbeAnswer, ProbeRequest } from './probe.ts'

export type Probe = {
  /** The environment of a stack whose processes are to be probed. */
  readonly env: Readonly<Record<string, string>>
  /** Asks every process that runs. Those that end meanwhile do not answer. */
  ask(what: ProbeRequest['do']): Promise<ProbeAnswer[]>
  stop(): Promise<void>
}

/** A process that is being killed may never answer. */
const ANSWERS_WITHIN_MS = 20_000

/** Starts the side of the benchmark that `probe.ts` in the processes of a stack connects to. */
export async function startProbe(): Promise<Probe> {
  const processes = new Map<Socket, (answer: ProbeAnswer | null) => void>()
  let last = 0
  const server = createServer((socket) => {
    processes.set(socket, () => {})
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      processes.get(socket)?.(null)
      processes.delete(socket)
    })
    onLines(socket, (line) => {
      processes.get(socket)?.(JSON.parse(line) as ProbeAnswer)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const file = fileURLToPath(new URL('./probe.ts', import.meta.url))
  return {
    env: { NODE_OPTIONS: `--require=${file}`, TIDEWIRE_PROBE: String(port) },
    async ask(what) {
      const id = ++last
      const answers = await Promise.all(
        [...processes.keys()].map((socket) => {
          const answered = new Promise<ProbeAnswer | null>((resolve) => {
            processes.set(socket, resolve)
            setTimeout(resolve, ANSWERS_WITHIN_MS, null).unref()
          })
          socket.write(`${JSON.stringify({ id, do: what } satisfies ProbeRequest)}\n`)
          return answered
        }),
      )
      return answers.filter((answer) => answer !== null)
    },
    async stop() {
      for (const socket of processes.keys()) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
