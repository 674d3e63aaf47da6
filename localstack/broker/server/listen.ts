import type { AddressInfo } from 'node:net'
import { createServer, type Socket } from 'node:net'

export type Listener = {
  port: number
  /** Connections that come before this are served from then on. */
  accept(serve: (socket: Socket) => void): void
  close(): Promise<void>
}

/** Binds a TCP port (0: any free one). Rejects with the system's error, for example `EADDRINUSE`. */
export async function listen(host: string, port: number): Promise<Listener> {
  const sockets = new Set<Socket>()
  const early: Socket[] = []
  let serve = (socket: Socket): void => void early.push(socket)
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
    serve(socket)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    accept(next) {
      serve = next
      for (const socket of early.splice(0)) next(socket)
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}
