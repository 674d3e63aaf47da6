import type { IncomingMessage } from 'node:http'

/**
 * Reads the body of a request. Returns null if it is longer than `maxBytes`; what is beyond is read and dropped, so that
 * the sender gets the response. Rejects if the sender cuts it.
 */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | null> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size <= maxBytes) chunks.push(chunk)
    })
    request.on('end', () => {
      const [first = Buffer.alloc(0), ...rest] = chunks
      if (size > maxBytes) resolve(null)
      else resolve(rest.length === 0 ? first : Buffer.concat(chunks, size))
    })
    request.on('error', reject)
  })
}
