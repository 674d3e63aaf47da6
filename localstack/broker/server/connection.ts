import type { Socket } from 'node:net'
import type { Peer } from './dispatch.ts'
import { createFrameSplitter } from './frame-splitter.ts'

/** From the fixed part of a request's header to Kafka's `socket.request.max.bytes`. */
const REQUEST_BYTES = { min: 8, max: 100 * 1024 * 1024 }
/** Requests read ahead of the one being handled, before the socket is paused. */
const MAX_QUEUED = 32

/**
 * Serves one client: requests are handled one after the other and answered in their order, as in Kafka.
 * Bytes that are no request close this connection and nothing else.
 */
export function serveConnection(
  socket: Socket,
  dispatch: (frame: Buffer, peer: Peer) => Promise<Buffer[] | null>,
  log: (line: string) => void,
): void {
  const split = createFrameSplitter(REQUEST_BYTES)
  const closing = new AbortController()
  const peer = { clientHost: socket.remoteAddress ?? '', signal: closing.signal }
  const queue: Buffer[] = []
  let busy = false

  const fail = (error: unknown): void => {
    log(`closed the connection of ${peer.clientHost}:${socket.remotePort}: ${error}`)
    socket.destroy()
  }
  const drain = async (): Promise<void> => {
    if (busy) return
    busy = true
    for (let frame = queue.shift(); frame && !socket.destroyed; frame = queue.shift()) {
      if (queue.length < MAX_QUEUED && socket.isPaused()) socket.resume()
      const response = await dispatch(frame, peer)
      if (response && !socket.destroyed) await send(socket, response, peer.signal)
    }
    busy = false
  }

  socket.setNoDelay(true)
  socket.on('data', (chunk) => {
    try {
      queue.push(...split(chunk))
    } catch (error) {
      fail(error)
      return
    }
    if (queue.length >= MAX_QUEUED) socket.pause()
    drain().catch(fail)
  })
  socket.on('close', () => closing.abort())
}

/** Resolves when the peer can take more. */
function send(socket: Socket, parts: readonly Buffer[], signal: AbortSignal): Promise<void> | undefined {
  socket.cork()
  let free = true
  for (const part of parts) free = socket.write(part)
  socket.uncork()
  if (free) return undefined
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off('drain', done)
      signal.removeEventListener('abort', done)
      resolve()
    }
    socket.on('drain', done)
    signal.addEventListener('abort', done)
  })
}
