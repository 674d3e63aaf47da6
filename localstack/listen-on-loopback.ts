import type { Server } from 'node:net'

/** Binds a server to a port of 127.0.0.1. Rejects with the system's error, for example `EADDRINUSE`. */
export function listenOnLoopback(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject)
      resolve()
    })
  })
}
