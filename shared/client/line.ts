import type { ClientMessage, ServerFrame } from '#shared/core/messages.ts'
import { TimeoutError } from './clock.ts'
import { createHeartbeat } from './heartbeat.ts'
import { parseFrame } from './parse-frame.ts'
import { createRenewal, type RenewalSettings } from './renewal.ts'

/** The part of a WebSocket that the client uses. The browser's, Node's and the `ws` package's all have it. */
export type SocketLike = {
  /** https://websockets.spec.whatwg.org/#dom-websocket-readystate */
  readonly readyState?: number
  send(text: string): void
  close(): void
  addEventListener(type: 'open' | 'close' | 'error', listener: () => void): void
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void
}
export type OpenSocket = (url: string) => SocketLike

/**
 * The URL of a socket, and when its credentials end, in epoch milliseconds by the time of day of the server, which is
 * `skewMs` ahead of this machine's; null if they do not.
 */
export type SocketAddress = {
  readonly url: string
  readonly expires: number | null
  readonly skewMs: number
}

/** All times are milliseconds. */
export type LineSettings = RenewalSettings & {
  /** Where the next socket is, with credentials that are valid now. It settles within a limit of its own. */
  readonly address: (signal: AbortSignal) => Promise<SocketAddress>
  readonly openSocket: OpenSocket
  readonly answerTimeoutMs: number
  readonly pingMs: number
  readonly pongTimeoutMs: number
  readonly maxConnectionMs: number
}

export type LineEvents = {
  readonly opened: () => void
  readonly frame: (frame: ServerFrame) => void
  /** It could not be opened, or it broke. `cause` is what kept it from being opened, if that is known. */
  readonly lost: (cause?: unknown) => void
  /** It nears the gateway's limit and needs a successor. */
  readonly due: () => void
  /** There is no newer credential for it yet. It is tried again. */
  readonly notRenewed: (cause: unknown) => void
}

/** One socket with its heartbeat and its age. */
export type Line = {
  readonly id: string
  readonly isOpen: () => boolean
  /** Whether it nears the gateway's limit. */
  readonly isDue: () => boolean
  readonly send: (message: ClientMessage) => void
  /** Pings now, unless a pong is already awaited. */
  readonly check: () => void
  /** Pings now if the server has been silent for a while. */
  readonly attended: () => void
  /** The machine has slept, or the page was away: pings now, with less patience than usual. */
  readonly returned: () => void
  /** When the server was pinged that has given no sign of life since, as `elapsed` of the clock; null if it has. */
  readonly unansweredSince: () => number | null
  /** Runs after `ms`, unless the line is closed before. */
  readonly after: (ms: number, run: () => void) => void
  readonly close: () => void
}

/** The state of a socket from which no other follows than closed. */
const CLOSING = 2

function openingTimedOut(ms: number): TimeoutError {
  return new TimeoutError(`the socket did not open within ${ms / 1000} s`)
}

/**
 * Dials a line. Calls `opened` at most once and `lost` at most once. After `lost` or `close` nothing is called,
 * whether or not the socket still does something.
 */
export function dialLine(id: string, settings: LineSettings, on: LineEvents): Line {
  const { clock, answerTimeoutMs, maxConnectionMs, random } = settings
  const timers: (() => void)[] = []
  const heartbeat = createHeartbeat(settings, { ping: () => write({ action: 'ping' }), dead: () => lose() })
  const renewal = createRenewal(settings, { send, failed: on.notRenewed })
  const aborter = new AbortController()
  let socket: SocketLike | null = null
  let credential: Omit<SocketAddress, 'url'> = { expires: null, skewMs: 0 }
  let isOpen = false
  let isDue = false
  let isClosed = false

  function write(message: ClientMessage) {
    try {
      socket?.send(JSON.stringify(message))
    } catch (error) {
      // Who sends may be in the middle of something.
      queueMicrotask(() => lose(error))
    }
  }
  function send(message: ClientMessage) {
    write(message)
    heartbeat.sent()
  }
  function close() {
    isClosed = true
    isOpen = false
    heartbeat.stop()
    renewal.stop()
    aborter.abort()
    for (const cancel of timers) cancel()
    try {
      socket?.close()
    } catch {
      // Nothing more comes from it, and the next one must be dialled.
    }
  }
  function lose(cause?: unknown) {
    if (isClosed) return
    close()
    on.lost(cause)
  }
  function opened() {
    if (isClosed) return
    isOpen = true
    heartbeat.start()
    renewal.start(credential)
    // Dashboards that connected together after a deployment should not all move on together.
    timers.push(clock.after(maxConnectionMs * (1 - 0.1 * random()), expire))
    on.opened()
  }
  function expire() {
    isDue = true
    on.due()
  }
  function receive(data: unknown) {
    const frame = isClosed ? null : parseFrame(data)
    if (frame === null) return
    heartbeat.heard(frame)
    if (frame.type === 'refreshed') renewal.renewed(Date.parse(frame.expires))
    on.frame(frame)
  }
  function listen(address: SocketAddress) {
    if (isClosed) return
    credential = address
    timers.push(clock.after(answerTimeoutMs, () => isOpen || lose(openingTimedOut(answerTimeoutMs))))
    socket = settings.openSocket(address.url)
    socket.addEventListener('open', opened)
    socket.addEventListener('message', ({ data }) => receive(data))
    socket.addEventListener('close', () => lose())
    socket.addEventListener('error', () => lose())
  }
  settings.address(aborter.signal).then(listen).catch(lose)
  return {
    id,
    isOpen: () => isOpen,
    isDue: () => isDue,
    send,
    check: heartbeat.check,
    attended: heartbeat.attended,
    returned: () => {
      // A browser may close the sockets of a page that it freezes without a word to it.
      if (isOpen && (socket?.readyState ?? 0) >= CLOSING) lose()
      else heartbeat.returned()
    },
    unansweredSince: heartbeat.unansweredSince,
    after: (ms, run) => timers.push(clock.after(ms, run)),
    close,
  }
}
