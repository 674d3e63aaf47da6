import { WebSocket } from 'ws'
import { type Clock, systemClock } from '../clock.ts'
import { watchedTimeout } from '../patient-timeout.ts'
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
  /** How many are open. */
  size(): number
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
  /** Answers a ping of the protocol, unless the client does not read. */
  pong(data: Buffer): void
  close(code: number, reason: string): void
}

/** The maximum of bytes that wait for a client. Beyond it a post gets a 429, as from the gateway. */
const BUFFERED_BYTES = 1024 * 1024
const GOING_AWAY = 1001

/** What a client has after a sleep to send its ping, or to change its connection, before it is closed. */
const GRACE_MS = 15_000

/** The connections that are open. */
export function createConnections(limits: ConnectionLimits, clock = systemClock): Connections {
  const open = new Map<string, { socket: WebSocket; connection: Connection }>()
  return {
    add(socket, identity) {
      const connection = createConnection(socket, identity, { limits, clock })
      open.set(identity.connectionId, { socket, connection })
      socket.once('close', () => open.delete(identity.connectionId))
    },
    find(id) {
      const found = open.get(id)
      return found?.socket.readyState === WebSocket.OPEN ? found.connection : null
    },
    size: () => open.size,
    closeAll() {
      for (const { connection } of open.values()) connection.close(GOING_AWAY, 'Going away')
    },
  }
}

function createConnection(
  socket: WebSocket,
  identity: SocketIdentity,
  { limits, clock: { now, elapsed } }: { readonly limits: ConnectionLimits; readonly clock: Clock },
): Connection {
  const connectedAt = elapsed()
  let lastActiveAt = now()
  let lastActive = connectedAt
  const close = () => socket.close(GOING_AWAY, 'Going away')
  // A timer that is set again for every message would cost more than the message.
  const stopIdle = closeAt(() => lastActive + limits.idleMs, { close, elapsed })
  const stopLife = closeAt(() => connectedAt + limits.lifeMs, { close, elapsed })
  socket.once('close', () => {
    stopIdle()
    stopLife()
  })
  const touch = () => {
    lastActiveAt = now()
    lastActive = elapsed()
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
    pong(data) {
      if (socket.bufferedAmount <= BUFFERED_BYTES) socket.pong(data)
    },
    close: (code, reason) => socket.close(code, reason),
  }
}

/** Closes at a time that may move while it is waited for, or `GRACE_MS` after a sleep in which it was. Returns what ends it. */
function closeAt(
  end: () => number,
  { close, elapsed }: { readonly close: () => void; readonly elapsed: Clock['elapsed'] },
): () => void {
  let cancel: () => void
  const wait = (ms: number, grantedUntil: number): void => {
    const look = (stoodStill: boolean): void => {
      const time = elapsed()
      const until = stoodStill ? time + GRACE_MS : grantedUntil
      const left = Math.max(end(), until) - time
      if (left <= 0) close()
      else wait(left, until)
    }
    cancel = watchedTimeout(look, ms, elapsed)
  }
  wait(end() - elapsed(), 0)
  return () => cancel()
}
