import { WebSocket } from 'ws'
import { API_KEY } from './start-stack.ts'

export type Frame = { type: string; [name: string]: unknown }

/** A plain socket, without the client of this repository. It keeps every frame. */
export type TestSocket = {
  readonly frames: Frame[]
  readonly socket: WebSocket
  send(message: unknown): void
  /** Waits for the first matching frame that was not returned before. */
  next(fits: (frame: Frame) => boolean, withinMs?: number): Promise<Frame>
  close(): Promise<void>
}

/** Opens a socket; rejects with the HTTP status if it is refused. */
export async function openSocket(socketUrl: string, query = `key=${API_KEY}`): Promise<TestSocket> {
  const socket = new WebSocket(`${socketUrl}/?${query}`)
  const frames: Frame[] = []
  const waiting = new Set<() => void>()
  const taken = new Set<Frame>()
  socket.on('message', (data) => {
    frames.push(JSON.parse(String(data)) as Frame)
    for (const wake of waiting) wake()
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('open', () => resolve())
    socket.once('error', reject)
  })
  socket.on('error', () => {}) // some tests cut sockets
  return {
    frames,
    socket,
    send: (message) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
    next: (fits, withinMs = 60_000) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = frames.find((frame) => !taken.has(frame) && fits(frame))
          if (found === undefined) return
          taken.add(found)
          clearTimeout(timer)
          waiting.delete(look)
          resolve(found)
        }
        const timer = setTimeout(() => {
          waiting.delete(look)
          reject(new Error(`no such frame within ${withinMs} ms; got ${JSON.stringify(frames.slice(-5))}`))
        }, withinMs)
        waiting.add(look)
        look()
      }),
    close: () =>
      new Promise((resolve) => {
        if (socket.readyState === WebSocket.CLOSED) return resolve()
        socket.once('close', () => resolve())
        socket.close()
      }),
  }
}
