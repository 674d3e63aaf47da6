import { type InputRecord, isJsonObject } from './input-record.ts'
import { type Line, splitLines } from './split-lines.ts'

/** Far above what one event may be, so that the reader can say what is wrong with it. */
const LINE_LIMIT = 1024 * 1024

/** Reads one JSON object per line; blank lines are passed over. Holds one line at a time. */
export async function* readNdjson(chunks: AsyncIterable<Buffer>): AsyncGenerator<InputRecord> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  for await (const line of splitLines(chunks, LINE_LIMIT)) {
    const record = readLine(line, (bytes) => decoder.decode(bytes))
    if (record !== null) yield record
  }
}

function readLine({ number, bytes }: Line, decode: (bytes: Buffer) => string): InputRecord | null {
  const at = `line ${number}`
  if (bytes === null) return { at, refused: 'is longer than 1 MB' }
  try {
    const text = decode(bytes)
    if (text.trim() === '') return null
    const value: unknown = JSON.parse(text)
    return isJsonObject(value) ? { at, value } : { at, refused: 'is not a JSON object' }
  } catch (error) {
    if (error instanceof SyntaxError) return { at, refused: `is not JSON: ${error.message}` }
    return { at, refused: 'is not UTF-8 text' }
  }
}
