import type { ClientMessage, ServerFrame } from '#shared/core/messages.ts'
import type { Clock } from './clock.ts'
import { parseFrame } from './parse-frame.ts'

/** The part of a WebSocket that the client uses: the browser's, Node's and the `ws` package's all have it. */
export type SocketLike = {
  send(text: string): void
  close(): void
  addEventListener(type: 'open' | 'close' | 'error', listener: () => void): void
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void
}
export type OpenSocket = (url: string) => SocketLike

export type Link = { readonly send: (message: ClientMessage) => void; readonly close: () => void }

/**
 * Opens one socket. Calls `opened` at most once and `lost` exactly once, unless `close` comes first: then neither is
 * called any more, whatever the socket still does.
 */
export function openLink(
  settings: {
    readonly url: () => Promise<string>
    readonly openSocket: OpenSocket
    readonly clock: Clock
    readonly openTimeoutMs: number
  },
  on: {
    readonly opened: () => void
    readonly frame: (frame: ServerFrame) => void
    readonly lost: (cause?: unknown) => void
  },
): Link {
  let socket: SocketLike | null = null
  let over = false
  const cancelTimeout = settings.clock.after(settings.openTimeoutMs, () => lose())

  function close() {
    over = true
    cancelTimeout()
    socket?.close()
  }
  function lose(cause?: unknown) {
    if (over) return
    close()
    on.lost(cause)
  }
  function listen(url: string) {
    if (over) return
    socket = settings.openSocket(url)
    socket.addEventListener('open', () => {
      cancelTimeout()
      if (!over) on.opened()
    })
    socket.addEventListener('message', ({ data }) => {
      const frame = over ? null : parseFrame(data)
      if (frame) on.frame(frame)
    })
    socket.addEventListener('close', () => lose())
    socket.addEventListener('error', () => lose())
  }
  settings.url().then(listen).catch(lose)
  return { send: (message) => socket?.send(JSON.stringify(message)), close }
}
