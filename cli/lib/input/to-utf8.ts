import { isUtf8 } from 'node:buffer'
import { CliError } from '../cli-error.ts'

/** Longer marks come first: that of UTF-16 is the beginning of that of UTF-32. */
const MARKS: readonly { readonly encoding: string; readonly bytes: Buffer }[] = [
  { encoding: 'utf-32', bytes: Buffer.from([0xff, 0xfe, 0, 0]) },
  { encoding: 'utf-32', bytes: Buffer.from([0, 0, 0xfe, 0xff]) },
  { encoding: 'utf-8', bytes: Buffer.from([0xef, 0xbb, 0xbf]) },
  { encoding: 'utf-16le', bytes: Buffer.from([0xff, 0xfe]) },
  { encoding: 'utf-16be', bytes: Buffer.from([0xfe, 0xff]) },
]
const LONGEST_MARK = 4
/** What to do about text of another encoding; it ends the sentence of a message. */
export const GIVE_ENCODING = 'give its encoding, such as --encoding windows-1252'

/** Whether a name is that of an encoding that can be read (https://encoding.spec.whatwg.org/#names-and-labels). */
export function isEncoding(name: string): boolean {
  try {
    return new TextDecoder(name).encoding !== ''
  } catch {
    return false
  }
}

/**
 * Yields text as UTF-8 without a byte order mark. The mark says which encoding it is, otherwise `encoding`; without both
 * the bytes pass as they are, and the reader of each line must refuse what is not UTF-8 (`utf8Problem`). Throws CliError
 * for text that is not of its encoding, with the line, and for UTF-32 and UTF-16 that nothing names.
 */
export async function* toUtf8(chunks: AsyncIterable<Buffer>, encoding?: string): AsyncGenerator<Buffer> {
  const iterator = chunks[Symbol.asyncIterator]()
  let head = Buffer.alloc(0)
  while (head.length < LONGEST_MARK) {
    const { value, done } = await iterator.next()
    if (done) break
    head = Buffer.concat([head, value])
  }
  const mark = MARKS.find(({ bytes }) => head.subarray(0, bytes.length).equals(bytes))
  if (mark?.encoding === 'utf-32')
    throw new CliError('the input is UTF-32; convert it, for example with iconv -f UTF-32 -t UTF-8')
  const name = new TextDecoder(mark?.encoding ?? encoding).encoding
  if (mark === undefined && name === 'utf-8') assertNoNul(head)
  const body = chain(head.subarray(mark?.bytes.length ?? 0), { [Symbol.asyncIterator]: () => iterator })
  yield* name === 'utf-8' ? body : convert(body, name)
}

/** No text of JSON or CSV has a NUL, and that of UTF-16 has one in nearly every character of Latin script. */
function assertNoNul(head: Buffer): void {
  const at = head.indexOf(0)
  if (at === -1) return
  const likely = at % 2 === 1 ? 'utf-16le' : 'utf-16be'
  throw new CliError(
    `the input has a NUL as its byte ${at + 1}: if it is UTF-16, give --encoding ${likely}; if it is compressed, unpack it first`,
  )
}

async function* chain(head: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  if (head.length > 0) yield head
  yield* rest
}

async function* convert(chunks: AsyncIterable<Buffer>, encoding: string): AsyncGenerator<Buffer> {
  const decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true })
  // It replaces what it cannot read, which shows where that is.
  const lenient = new TextDecoder(encoding, { ignoreBOM: true })
  let line = 1
  const decode = (chunk?: Buffer): Buffer => {
    const read = lenient.decode(chunk, { stream: chunk !== undefined })
    try {
      const text = decoder.decode(chunk, { stream: chunk !== undefined })
      line += text.split('\n').length - 1
      return Buffer.from(text)
    } catch (cause) {
      const before = read.slice(0, Math.max(0, read.indexOf('\ufffd')))
      const at = line + before.split('\n').length - 1
      throw new CliError(`line ${at} is not ${encoding}; give the encoding that it has with --encoding`, {
        cause,
      })
    }
  }
  for await (const chunk of chunks) yield decode(chunk)
  yield decode()
}

/** Returns what is wrong with bytes that should be UTF-8, as in "is not UTF-8: byte 2 is 0xfc; …"; null if they are. */
export function utf8Problem(bytes: Buffer): string | null {
  const at = invalidAt(bytes)
  if (at === null) return null
  return `is not UTF-8: byte ${at + 1} is 0x${(bytes[at] ?? 0).toString(16)}; ${GIVE_ENCODING}`
}

/** Returns the index of the first byte that is not UTF-8; null if there is none. */
export function invalidAt(bytes: Buffer): number | null {
  if (isUtf8(bytes)) return null
  let [valid, failing] = [0, bytes.length + 1]
  while (failing - valid > 1) {
    const middle = (valid + failing) >> 1
    if (middle <= bytes.length && isBeginning(bytes.subarray(0, middle))) valid = middle
    else failing = middle
  }
  // A character may have begun before the byte at which it cannot go on.
  while (!isUtf8(bytes.subarray(0, valid))) valid--
  return valid
}

/** Whether bytes are the beginning of UTF-8, which may end within a character. */
function isBeginning(bytes: Buffer): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true })
    return true
  } catch {
    return false
  }
}
