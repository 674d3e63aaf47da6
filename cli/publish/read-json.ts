import { parseExactJson } from '#shared/core/json/exact-json.ts'
import { messageOf } from '#shared/core/text/message-of.ts'
import { CliError } from '../lib/cli-error.ts'
import { type InputRecord, isJsonObject } from '../lib/input/input-record.ts'
import { invalidAt, utf8Problem } from '../lib/input/to-utf8.ts'

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
  for await (const line of splitLines(chunks, LINE_LIMIT)) {
    const record = parseLine(line)
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
  assertUtf8(bytes)
  try {
    return parseExactJson(bytes.toString())
  } catch (cause) {
    const reason = messageOf(cause)
    throw new CliError(`the input is not JSON: ${reason} (one object per line? give --format ndjson)`, {
      cause,
    })
  }
}

/** Throws CliError with the line and the byte of it. */
function assertUtf8(bytes: Buffer): void {
  const at = invalidAt(bytes)
  if (at === null) return
  const begin = bytes.lastIndexOf(NEWLINE, at) + 1
  const end = bytes.indexOf(NEWLINE, at)
  const line = bytes.subarray(0, begin).toString('latin1').split('\n').length
  throw new CliError(`line ${line} ${utf8Problem(bytes.subarray(begin, end === -1 ? bytes.length : end))}`)
}

function parseLine({ number, bytes }: Line): InputRecord | null {
  const at = `line ${number}`
  if (bytes === null) return { at, refused: 'is longer than 1 MB' }
  const problem = utf8Problem(bytes)
  if (problem !== null) return { at, refused: problem }
  // Where files were joined, a mark may be in the middle.
  const text = bytes.toString().replace(/^\ufeff/, '')
  if (text.trim() === '') return null
  try {
    const value = parseExactJson(text)
    return isJsonObject(value) ? { at, value } : { at, refused: 'is not a JSON object' }
  } catch (error) {
    return { at, refused: `is not JSON: ${messageOf(error)}` }
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
