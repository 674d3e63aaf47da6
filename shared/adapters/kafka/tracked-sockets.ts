import { connect, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { ISocketFactory } from 'kafkajs'

/** The network forgets idle connections after some minutes; the system asks the other side before, in milliseconds. */
const KEEP_ALIVE_MS = 60_000

/**
 * Makes the sockets of one client of Kafka, and can end all of them at once. kafkajs itself waits for what is under way
 * before it closes a connection, which on a dead one is for nothing.
 */
export function trackedSockets(): { readonly open: ISocketFactory; destroy(): void } {
  const sockets = new Set<Socket>()
  let isDestroyed = false
  return {
    open({ host, port, ssl, onConnect }) {
      if (isDestroyed) throw new Error('this client of Kafka was given up')
      const name = isIP(host) ? {} : { servername: host }
      const socket = ssl
        ? connectTls({ host, port, ...name, ...ssl }, onConnect)
        : connect({ host, port }, onConnect)
      socket.setNoDelay(true).setKeepAlive(true, KEEP_ALIVE_MS)
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
      return socket
    },
    destroy() {
      isDestroyed = true
      for (const socket of sockets) socket.destroy(new Error('this client of Kafka was given up'))
    },
  }
}
