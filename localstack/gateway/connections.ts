import { WebSocket } from 'ws'
import type { SocketIdentity } from './socket-events.ts'

/** API Gateway's limits of a connection. */
export type ConnectionLimits = {
  /** Milliseconds without a message in either direction. */
  readonly idleMs: number
  /** Milliseconds in total. */
  readonly lifeMs: number
}

export type Connections = {
  /** Keeps an open socket until it closes, and closes it with 1001 at the limits. */
  add(socket: WebSocket, identity: SocketIdentity): void
  find(id: string): Connection | null
  /** Closes all of them with 1001. */
  closeAll(): void
}

export type Connection = {
  readonly identity: SocketIdentity
  readonly lastActiveAt: () => number
  /** Notes that the client has sent something. */
  touch(): void
  /** Sends a text. Returns false if the client does not read: what waits for it fills its buffer. */
  send(text: string | Buffer): boolean
  close(code: number, reason: string): void
}

/** The maximum of bytes that wait for a client. Beyond it a post gets a 429, as from the gateway. */
const BUFFERED_BYTES = 1024 * 1024
const GOING_AWAY = 1001

/** The connections that are open. */
export function createConnections(limits: ConnectionLimits): Connections {
  const open = new Map<string, { socket: WebSocket; connection: Connection }>()
  return {
    add(socket, identity) {
      const connection = createConnection(socket, identity, limits)
      open.set(identity.connectionId, { socket, connection })
      socket.once('close', () => open.delete(identity.connectionId))
    },
    find(id) {
      const found = open.get(id)
      return found?.socket.readyState === WebSocket.OPEN ? found.connection : null
    },
    closeAll() {
      for (const { connection } of open.values()) connection.close(GOING_AWAY, 'Going away')
    },
  }
}

function createConnection(socket: WebSocket, identity: SocketIdentity, limits: ConnectionLimits): Connection {
  let lastActiveAt = Date.now()
  let idle: NodeJS.Timeout
  const end = () => socket.close(GOING_AWAY, 'Going away')
  // A timer that is set again for every message would cost more than the message.
  const watchIdle = (ms: number): void => {
    idle = setTimeout(() => {
      const left = lastActiveAt + limits.idleMs - Date.now()
      if (left <= 0) end()
      else watchIdle(left)
    }, ms)
  }
  watchIdle(limits.idleMs)
  const life = setTimeout(end, limits.lifeMs)
  socket.once('close', () => {
    clearTimeout(idle)
    clearTimeout(life)
  })
  const touch = () => {
    lastActiveAt = Date.now()
  }
  return {
    identity,
    touch,
    lastActiveAt: () => lastActiveAt,
    send(text) {
      if (socket.bufferedAmount > BUFFERED_BYTES) return false
      touch()
      socket.send(text, { binary: false })
      return true
    },
    close: (code, reason) => socket.close(code, reason),
  }
}
