import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { Peer } from './apis/dispatch.ts'

type Listener = {
  port: number
  /** Serves every connection, also those that were opened before this call. */
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

/** From the fixed part of a request's header to Kafka's `socket.request.max.bytes`. */
const REQUEST_BYTES = { min: 8, max: 100 * 1024 * 1024 }
/** The socket is paused while this many requests wait. */
const MAX_QUEUED = 32

/**
 * Serves one client: requests are handled one after the other, and the responses have the same order, as in Kafka.
 * Bytes that are not a request close only this connection.
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

/** Resolves when the client can receive more. */
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

/** The size field of a frame is out of bounds, so the next frame cannot be found. */
export class FrameSizeError extends Error {
  readonly code = 'FRAME_SIZE'
  override readonly name = 'FrameSizeError'
}

/**
 * Cuts a TCP stream into requests, or responses. A request within one chunk is not copied, a larger one is copied once.
 * Throws `FrameSizeError` if a size is out of bounds.
 *
 *   RequestOrResponse => size INT32, `size` bytes
 */
export function createFrameSplitter(bytes: { min: number; max: number }): (chunk: Buffer) => Buffer[] {
  let chunks: Buffer[] = []
  let buffered = 0
  let wanted = 4

  return (chunk) => {
    chunks.push(chunk)
    buffered += chunk.length
    if (buffered < wanted) return []

    const frames: Buffer[] = []
    let rest = chunks.length === 1 ? chunk : Buffer.concat(chunks, buffered)
    wanted = 4
    while (rest.length >= 4) {
      const size = rest.readInt32BE(0)
      if (size < bytes.min || size > bytes.max) throw new FrameSizeError(`a request of ${size} bytes`)
      if (rest.length < 4 + size) {
        wanted = 4 + size
        break
      }
      frames.push(rest.subarray(4, 4 + size))
      rest = rest.subarray(4 + size)
    }
    chunks = rest.length > 0 ? [rest] : []
    buffered = rest.length
    return frames
  }
}
