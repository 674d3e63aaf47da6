/** A frame claims a size that no request has; the connection cannot be trusted further. */
export class FrameSizeError extends Error {
  readonly code = 'FRAME_SIZE'
  override readonly name = 'FrameSizeError'
}

/**
 * Cuts a TCP stream into requests, or responses. Chunks are kept as they came until a request is complete, so a large one is
 * copied once and one that lies within a chunk not at all.
 *
 *   RequestOrResponse => size INT32, `size` bytes
 */
export function createFrameSplitter(bytes: { min: number; max: number }): (chunk: Buffer) => Buffer[] {
  let chunks: Buffer[] = []
  let held = 0
  let wanted = 4

  return (chunk) => {
    chunks.push(chunk)
    held += chunk.length
    if (held < wanted) return []

    const frames: Buffer[] = []
    let rest = chunks.length === 1 ? chunk : Buffer.concat(chunks, held)
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
    held = rest.length
    return frames
  }
}
