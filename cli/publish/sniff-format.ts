import { extname } from 'node:path'

export const FORMATS = ['json', 'ndjson', 'csv'] as const
export type Format = (typeof FORMATS)[number]

const EXTENSIONS: Readonly<Record<string, Format>> = {
  '.json': 'json',
  '.ndjson': 'ndjson',
  '.jsonl': 'ndjson',
  '.csv': 'csv',
}
/** How much is looked at to tell the format: more than one event may be. */
const PEEK_LIMIT = 256 * 1024
const BOM = Buffer.from([0xef, 0xbb, 0xbf])

/** The format that a file's name tells, or null. */
export function formatOfName(file: string): Format | null {
  return EXTENSIONS[extname(file).toLowerCase()] ?? null
}

/**
 * Tells the format from the first line: `[` opens a JSON array; `{` opens NDJSON if the line is a whole object,
 * else one JSON object over several lines; anything else is CSV.
 * Returns the format and the chunks with nothing missing.
 */
export async function sniffFormat(
  chunks: AsyncIterable<Buffer>,
): Promise<{ format: Format; chunks: AsyncIterable<Buffer> }> {
  const iterator = chunks[Symbol.asyncIterator]()
  let head = Buffer.alloc(0)
  let ended = false
  while (!ended && head.length < PEEK_LIMIT && !head.toString().trimStart().includes('\n')) {
    const { value, done } = await iterator.next()
    if (done) ended = true
    else head = Buffer.concat([head, value])
  }
  return {
    format: formatOfText(stripBom(head).toString()),
    chunks: chain(head, { [Symbol.asyncIterator]: () => iterator }),
  }
}

/** Passes over a byte order mark at the start. */
export async function* withoutBom(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let head: Buffer | null = Buffer.alloc(0)
  for await (const chunk of chunks) {
    if (head === null) yield chunk
    else {
      head = Buffer.concat([head, chunk])
      if (head.length < BOM.length) continue
      yield stripBom(head)
      head = null
    }
  }
  if (head !== null) yield head
}

function stripBom(bytes: Buffer): Buffer {
  return bytes.subarray(0, BOM.length).equals(BOM) ? bytes.subarray(BOM.length) : bytes
}

function formatOfText(text: string): Format {
  const trimmed = text.trimStart()
  if (trimmed.startsWith('[')) return 'json'
  if (!trimmed.startsWith('{')) return 'csv'
  const [line = ''] = trimmed.split('\n', 1)
  // A first line that is longer than the peek can only be one of many.
  return line.length >= PEEK_LIMIT || isJson(line) ? 'ndjson' : 'json'
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

async function* chain(head: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  if (head.length > 0) yield head
  yield* rest
}
