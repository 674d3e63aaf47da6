import { connect } from 'node:net'
import { createFrameSplitter } from '../server/frame-splitter.ts'

export type WireClient = {
  send(bytes: Buffer): void
  /** The next response, without its size; undefined when the broker closes the connection. */
  next(): Promise<Buffer | undefined>
  close(): void
}

/** A TCP client that sends raw bytes, for what well-behaved clients never send. */
export async function connectRaw(endpoint: string): Promise<WireClient> {
  const [host = '', port = ''] = endpoint.split(':')
  const socket = connect(Number(port), host)
  const split = createFrameSplitter({ min: 4, max: 10_000_000 })
  const received: Buffer[] = []
  let wake = (): void => {}
  socket.on('data', (chunk) => {
    received.push(...split(chunk))
    wake()
  })
  socket.on('error', () => socket.destroy())
  socket.on('close', () => wake())
  await new Promise((resolve) => socket.once('connect', resolve))
  return {
    send: (bytes) => void socket.write(bytes),
    async next() {
      while (received.length === 0 && !socket.closed) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      return received.shift()
    },
    close: () => socket.destroy(),
  }
}

/** A request with its size and header; version 1 of the header unless `flexible`. */
export function frame(
  key: number,
  version: number,
  correlationId: number,
  body: Buffer,
  flexible = false,
): Buffer {
  const header = Buffer.alloc(14)
  header.writeInt32BE(10 + (flexible ? 1 : 0) + body.length, 0)
  header.writeInt16BE(key, 4)
  header.writeInt16BE(version, 6)
  header.writeInt32BE(correlationId, 8)
  header.writeInt16BE(-1, 12)
  return Buffer.concat([header, flexible ? Buffer.from([0]) : Buffer.alloc(0), body])
}
