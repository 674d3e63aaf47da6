import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { extname } from 'node:path'
import { addAbortSignal, type Readable } from 'node:stream'
import { CliError } from '../lib/cli-error.ts'
import type { InputRecord } from '../lib/input/input-record.ts'
import { readCsv } from '../lib/input/read-csv.ts'
import { toUtf8 } from '../lib/input/to-utf8.ts'
import { readJson, readNdjson } from './read-json.ts'

export const FORMATS = ['json', 'ndjson', 'csv', 'tsv'] as const
export type Format = (typeof FORMATS)[number]

/** `file` is `-` for stdin. Without a format it follows from the name of the file, otherwise from its first line. */
export type ReadOptions = {
  readonly file: string
  readonly format?: Format | undefined
  /** Whether cells of CSV that spell a number or boolean become that. */
  readonly cast: boolean
  /** The encoding of a file without a byte order mark; UTF-8 by default. */
  readonly encoding?: string | undefined
  /** What is between two cells of CSV; by default the header shows it. */
  readonly delimiter?: string | undefined
}

/** The records to read, the bytes of the input (null for a pipe), and how many of them have been read. */
export type RecordInput = {
  readonly records: AsyncIterable<InputRecord>
  readonly size: number | null
  readonly bytesRead: () => number
}

const EXTENSIONS: Readonly<Record<string, Format>> = {
  '.json': 'json',
  '.ndjson': 'ndjson',
  '.jsonl': 'ndjson',
  '.csv': 'csv',
  '.tsv': 'tsv',
  '.tab': 'tsv',
}
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a directory',
  EACCES: 'reading it is not allowed',
}
/** Bytes that are read to find the format: more than one event may have. */
const PEEK_LIMIT = 256 * 1024

/**
 * Opens a file or stdin. Throws CliError if it cannot be read; the records throw the reason of `signal` when it is
 * aborted.
 */
export async function openRecords(
  options: ReadOptions,
  stdin: Readable,
  signal: AbortSignal,
): Promise<RecordInput> {
  const { file } = options
  const size = file === '-' ? null : await sizeOf(file)
  const stream = addAbortSignal(signal, file === '-' ? stdin : createReadStream(file))
  let bytesRead = 0
  async function* readChunks(): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of stream) {
        const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
        bytesRead += bytes.length
        yield bytes
      }
    } catch (error) {
      throw signal.aborted ? signal.reason : unreadable(file, error)
    }
  }
  return { records: parseRecords(readChunks(), options), size, bytesRead: () => bytesRead }
}

async function sizeOf(file: string): Promise<number | null> {
  try {
    const stats = await stat(file)
    if (stats.isDirectory()) throw Object.assign(new Error('is a directory'), { code: 'EISDIR' })
    return stats.isFile() ? stats.size : null
  } catch (error) {
    throw unreadable(file, error)
  }
}

function unreadable(file: string, cause: unknown): CliError {
  const { code = '', message = String(cause) } =
    cause instanceof Error ? (cause as NodeJS.ErrnoException) : {}
  return new CliError(`cannot read ${file === '-' ? 'stdin' : file}: ${REASONS[code] ?? message}`, { cause })
}

async function* parseRecords(
  chunks: AsyncIterable<Buffer>,
  { file, format, cast, encoding, delimiter }: ReadOptions,
): AsyncGenerator<InputRecord> {
  const known = format ?? EXTENSIONS[extname(file).toLowerCase()]
  const text = toUtf8(chunks, encoding)
  const input = known === undefined ? await sniffFormat(text) : { format: known, chunks: text }
  if (input.format === 'csv') yield* readCsv(input.chunks, { cast, delimiter })
  else if (input.format === 'tsv') yield* readCsv(input.chunks, { cast, delimiter: delimiter ?? '\t' })
  else if (input.format === 'json') yield* readJson(input.chunks)
  else yield* readNdjson(input.chunks)
}

/**
 * Finds the format from the first line: `[` opens a JSON array; `{` opens NDJSON if the line is a whole object,
 * otherwise one JSON object over several lines; anything else is CSV. The chunks that are returned are all of them.
 */
async function sniffFormat(
  chunks: AsyncIterable<Buffer>,
): Promise<{ format: Format; chunks: AsyncIterable<Buffer> }> {
  const iterator = chunks[Symbol.asyncIterator]()
  let head = Buffer.alloc(0)
  let hasEnded = false
  while (!hasEnded && head.length < PEEK_LIMIT && !head.toString().trimStart().includes('\n')) {
    const { value, done } = await iterator.next()
    if (done) hasEnded = true
    else head = Buffer.concat([head, value])
  }
  return {
    format: formatOfText(head.toString()),
    chunks: chain(head, { [Symbol.asyncIterator]: () => iterator }),
  }
}

function formatOfText(text: string): Format {
  const trimmed = text.trimStart()
  if (trimmed.startsWith('[')) return 'json'
  if (!trimmed.startsWith('{')) return 'csv'
  const [line = ''] = trimmed.split('\n', 1)
  // A first line that is longer than what was read can only be one of many.
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
