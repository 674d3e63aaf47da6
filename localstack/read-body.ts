import type { IncomingMessage } from 'node:http'

/** The memory that bodies may take together until they are complete. */
export type BodyRoom = { take(bytes: number): boolean; give(bytes: number): void }

export function bodyRoom(maxBytes: number): BodyRoom {
  let left = maxBytes
  return {
    take(bytes) {
      left -= bytes
      return left >= 0
    },
    give(bytes) {
      left += bytes
    },
  }
}

const ENDLESS: BodyRoom = { take: () => true, give: () => {} }

/**
 * Reads the body of a request. Returns null if it is longer than `maxBytes`; what is beyond is read and dropped, so that
 * the sender gets the response. Rejects if the sender cuts it, and if there is no room for it beside those of others.
 */
export function readBody(
  request: IncomingMessage,
  maxBytes: number,
  room: BodyRoom = ENDLESS,
): Promise<Buffer | null> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    let taken = 0
    request.on('close', () => {
      room.give(taken)
      taken = 0
    })
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > maxBytes) return
      taken += chunk.length
      if (room.take(chunk.length)) chunks.push(chunk)
      else request.destroy(new Error('there is no room for another body'))
    })
    request.on('end', () => {
      const [first = Buffer.alloc(0), ...rest] = chunks
      if (size > maxBytes) resolve(null)
      else resolve(rest.length === 0 ? first : Buffer.concat(chunks, size))
    })
    request.on('error', reject)
  })
}
