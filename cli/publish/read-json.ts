import { parseExactJson } from '#shared/core/json/exact-json.ts'
import { CliError } from '../lib/cli-error.ts'
import { type InputRecord, isJsonObject } from '../lib/input-record.ts'

/** A JSON document is parsed as a whole, so it has a limit; NDJSON has none. */
const DOCUMENT_LIMIT = 100 * 1024 * 1024
/** Far above the maximum of an event, so that the error message can name the line. */
const LINE_LIMIT = 1024 * 1024
const NEWLINE = 0x0a

/** Yields one JSON object, or those of an array. Throws CliError on text that is not JSON or over 100 MB. */
export async function* readJson(chunks: AsyncIterable<Buffer>): AsyncGenerator<InputRecord> {
  const document = parseDocument(await readWhole(chunks))
  for (const [index, value] of (Array.isArray(document) ? document : [document]).entries()) {
    const at = `record ${index + 1}`
    yield isJsonObject(value) ? { at, value } : { at, refused: 'is not a JSON object' }
  }
}

/** Yields one JSON object per line; blank lines are skipped. One line at a time is in memory. */
export async function* readNdjson(chunks: AsyncIterable<Buffer>): AsyncGenerator<InputRecord> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  for await (const line of splitLines(chunks, LINE_LIMIT)) {
    const record = parseLine(line, (bytes) => decoder.decode(bytes))
    if (record !== null) yield record
  }
}

async function readWhole(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const held: Buffer[] = []
  let length = 0
  for await (const chunk of chunks) {
    length += chunk.length
    if (length > DOCUMENT_LIMIT)
      throw new CliError(
        'a JSON document may be 100 MB at most; convert it to NDJSON (jq -c ".[]"), which has no limit',
      )
    held.push(chunk)
  }
  return Buffer.concat(held)
}

function parseDocument(bytes: Buffer): unknown {
  try {
    return parseExactJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    const reason = error instanceof SyntaxError ? error.message : 'it is not UTF-8 text'
    throw new CliError(`the input is not JSON: ${reason} (one object per line? give --format ndjson)`, {
      cause: error,
    })
  }
}

function parseLine({ number, bytes }: Line, decode: (bytes: Buffer) => string): InputRecord | null {
  const at = `line ${number}`
  if (bytes === null) return { at, refused: 'is longer than 1 MB' }
  try {
    const text = decode(bytes)
    if (text.trim() === '') return null
    const value = parseExactJson(text)
    return isJsonObject(value) ? { at, value } : { at, refused: 'is not a JSON object' }
  } catch (error) {
    if (error instanceof SyntaxError) return { at, refused: `is not JSON: ${error.message}` }
    return { at, refused: 'is not UTF-8 text' }
  }
}

/** The number of a line, from 1, and its bytes without the newline; null if it is longer than the limit. */
type Line = { readonly number: number; readonly bytes: Buffer | null }

/**
 * Splits chunks into lines. One line at most is in memory, and of a line of more than `limit` bytes nothing is kept.
 * The last line needs no newline.
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
