import { randomInt } from 'node:crypto'
import { createServer, type Server } from 'node:net'

/**
 * Below the ports that systems give to outgoing connections (Linux: 32768 and above, IANA: 49152 and above). A port
 * from there could be in use again before the stack that it was found for listens. And browsers refuse the port 10080.
 */
const FIRST = 11_000
const LAST = 30_000

/** Returns different ports of loopback that are free now, at random so that two callers hardly ever find the same. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = new Map<number, Server>()
  while (servers.size < count) {
    const port = randomInt(FIRST, LAST)
    const server = servers.has(port) ? null : await listen(port)
    if (server) servers.set(port, server)
  }
  await Promise.all([...servers.values()].map((server) => new Promise((resolve) => server.close(resolve))))
  return [...servers.keys()]
}

/** A server on the port; null if the port is in use. */
function listen(port: number): Promise<Server | null> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', () => resolve(null))
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
}
