import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { pipeline } from 'node:stream'
import { listenOnLoopback } from '../listen-on-loopback.ts'
import type { Running } from '../start-worker.ts'

type Options = {
  /** Starts the service on another port: `endpoint` is `host:port`. */
  readonly start: () => Promise<Running>
  /**
   * Returns the whole response to a connection that begins so, after which it ends; null for what the service must respond
   * to. A service that runs responds to everything.
   */
  readonly respond?: (begin: string) => string | null
  readonly log: (line: string) => void
}

/**
 * Listens on a port of loopback for a service that starts with what the first connection sends. If it cannot start the
 * connection is closed and the next one tries again. Rejects if the port is in use.
 */
export async function listenOnDemand(
  port: number,
  { start, respond = () => null, log }: Options,
): Promise<Running> {
  const sockets = new Set<Socket>()
  let starting: Promise<Running> | undefined
  const join = async (socket: Socket): Promise<void> => {
    starting ??= start()
    const [host, targetPort] = (await starting).endpoint.split(':')
    const target = connect({ host: host ?? '', port: Number(targetPort), noDelay: true })
    // An error closes both sides, and the client sees a closed connection.
    pipeline(socket, target, () => {})
    pipeline(target, socket, () => {})
  }
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    socket.once('data', (begin) => {
      const response = starting === undefined ? respond(begin.toString('latin1')) : null
      if (response !== null) return void socket.end(response)
      socket.pause()
      socket.unshift(begin)
      join(socket).catch((error) => {
        starting = undefined
        log(`the service of port ${port} cannot start: ${error}`)
        socket.destroy()
      })
    })
  })
  await listenOnLoopback(server, port)
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.close()
      for (const socket of sockets) socket.destroy()
      const running = await starting?.catch(() => undefined)
      await running?.stop()
    },
  }
}
