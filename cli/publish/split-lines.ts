const NEWLINE = 0x0a

/** A line's number from 1 and its bytes without the newline; no bytes when it is longer than allowed. */
export type Line = { readonly number: number; readonly bytes: Buffer | null }

/**
 * Splits chunks into lines, holding one line at most. A line of more than `limit` bytes is let pass
 * without being held. The last line needs no newline.
 */
export async function* splitLines(chunks: AsyncIterable<Buffer>, limit: number): AsyncGenerator<Line> {
  let number = 1
  let held: Buffer[] = []
  let length = 0
  const take = (part: Buffer): void => {
    length += part.length
    if (length <= limit) held.push(part)
    else held = []
  }
  const finish = (): Line => {
    const line = { number: number++, bytes: length <= limit ? Buffer.concat(held) : null }
    held = []
    length = 0
    return line
  }
  for await (const chunk of chunks) {
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      take(chunk.subarray(start, end))
      yield finish()
      start = end + 1
    }
    if (start < chunk.length) take(chunk.subarray(start))
  }
  if (length > 0) yield finish()
}
