import { WebSocket } from 'ws'
import type { Seen } from './deliveries.ts'
import { PROTOCOLS, type ProtocolName } from './protocols.ts'

export type Frames = { frames: number; bytes: number; messages32k: number }

export type Viewers = {
  /** Opens further viewers until there are so many, each subscribed to its channel. */
  grow(count: number): Promise<void>
  /** What came so far: frames with events, their bytes, and the number of messages of 32 KB that they are billed as. */
  frames(): Frames
  /** Sockets that the server closed, and frames that are none of the protocol. */
  problems(): readonly string[]
  close(): void
}

type Options = {
  readonly protocol: ProtocolName
  readonly socketUrl: string
  readonly channelOf: (viewer: number) => string
  readonly onEvent: (viewer: number, seen: Seen, at: number) => void
}

/** So many viewers connect and subscribe at a time. */
const AT_ONCE = 20
const BILLED_BYTES = 32 * 1024
const SUBSCRIBE_WITHIN_MS = 120_000

/** Viewers over plain WebSockets without compression, whatever the server. */
export function openViewers({ protocol, socketUrl, channelOf, onEvent }: Options): Viewers {
  const { path, hello, react } = PROTOCOLS[protocol]
  const sockets: WebSocket[] = []
  const problems: string[] = []
  const came: Frames = { frames: 0, bytes: 0, messages32k: 0 }
  let isClosing = false

  function open(viewer: number): Promise<void> {
    const channel = channelOf(viewer)
    const socket = new WebSocket(`${socketUrl}${path}`, { perMessageDeflate: false })
    sockets.push(socket)
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`viewer ${viewer} was not subscribed within ${SUBSCRIBE_WITHIN_MS} ms`)),
        SUBSCRIBE_WITHIN_MS,
      )
      const fail = (reason: string) => {
        if (!isClosing) problems.push(`viewer ${viewer}: ${reason}`)
        clearTimeout(timer)
        reject(new Error(`viewer ${viewer}: ${reason}`))
      }
      socket.on('error', (error) => fail(error.message))
      socket.on('close', (code) => fail(`closed with ${code}`))
      socket.on('open', () => {
        const text = hello(channel)
        if (text) socket.send(text)
      })
      socket.on('message', (data: Buffer) => {
        const at = performance.now()
        const step = react(data.toString(), channel)
        if (step.does === 'take') {
          came.frames++
          came.bytes += data.length
          came.messages32k += Math.ceil(data.length / BILLED_BYTES)
          for (const event of step.events) onEvent(viewer, event, at)
        } else if (step.does === 'reply') socket.send(step.text)
        else if (step.does === 'fail') fail(step.reason)
        else if (step.does === 'ready') {
          clearTimeout(timer)
          resolve()
        }
      })
    })
  }

  return {
    async grow(count) {
      while (sockets.length < count) {
        const first = sockets.length
        const size = Math.min(AT_ONCE, count - first)
        await Promise.all(Array.from({ length: size }, (_, index) => open(first + index)))
      }
    },
    frames: () => ({ ...came }),
    problems: () => problems,
    close() {
      isClosing = true
      for (const socket of sockets) socket.terminate()
    },
  }
}
