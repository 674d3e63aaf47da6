import { pipeline, Readable } from 'node:stream'
import { type CsvError, parse } from 'csv-parse'
import { parseExactJson } from '#shared/core/json/exact-json.ts'
import { CliError } from '../cli-error.ts'
import type { InputRecord } from './input-record.ts'
import { utf8Problem } from './to-utf8.ts'

const ROW_LIMIT = 1024 * 1024
// No leading zeros and no bare "1e5": those are codes and article numbers more often than numbers.
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]\d+)?$/
/** What is longer stays text, and so does what a double cannot hold, such as 1e+400 or -0: no digit is lost. */
const EXACT_DIGITS = 15

/** What csv-parse yields with `info: true` and `columns: true`. */
type Row = { readonly record: Readonly<Record<string, string>>; readonly info: { readonly lines: number } }

export type CsvOptions = {
  readonly cast: boolean
  /** What is between two cells. By default it is the one of comma, semicolon, tab and bar that the header has most of. */
  readonly delimiter?: string | undefined
}

/**
 * Yields the rows of CSV with a header (https://www.rfc-editor.org/rfc/rfc4180), in UTF-8 without a byte order mark. Empty
 * cells are left out. With `cast`, cells are cast as by `castCell`. A row that does not fit the header or is not UTF-8 is
 * refused, and the next rows are read. Throws CliError on an invalid header or a row of more than 1 MB.
 */
export async function* readCsv(
  source: AsyncIterable<Buffer>,
  { cast, delimiter }: CsvOptions,
): AsyncGenerator<InputRecord> {
  const skipped: InputRecord[] = []
  const { chunks, head } = await peekLine(source)
  const [, declared] = SEPARATOR_LINE.exec(head) ?? []
  const between = delimiter ?? declared ?? delimiterOf(head)
  const parser = parse({
    // Each byte as a character: cells are decoded one by one, because the parser replaces what is not UTF-8 in silence.
    encoding: 'latin1',
    delimiter: between,
    // Most files with tabs have no quoting: there a quote within a cell is a character.
    relax_quotes: between === '\t',
    ...(declared !== undefined && { from_line: 2 }),
    columns: readHeader,
    info: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    max_record_size: ROW_LIMIT,
    on_skip: (error) => {
      // The parser cannot find the next row then, so it would skip the rest character by character.
      if (error?.code === 'CSV_MAX_RECORD_SIZE') parser.destroy(rowTooLong(error))
      skipped.push({ at: `line ${error?.lines ?? '?'}`, refused: explainRow(error) })
      return undefined
    },
  })
  // The loop below throws what the source throws, because pipeline destroys the parser with that error.
  pipeline(Readable.from(chunks), parser, () => {})
  for await (const row of parser) {
    yield* skipped.splice(0)
    const { record, info }: Row = row
    yield readRow(`line ${info.lines}`, record, cast)
  }
  yield* skipped.splice(0)
}

/** Returns the number or boolean that a cell spells, otherwise its text. */
export function castCell(text: string): string | number | boolean {
  if (text === 'true') return true
  if (text === 'false') return false
  if (!NUMBER.test(text) || text.replace(/[eE].*$/, '').replace(/\D/g, '').length > EXACT_DIGITS) return text
  const number = parseExactJson(text)
  return typeof number === 'number' ? number : text
}

function readRow(at: string, row: Readonly<Record<string, string>>, cast: boolean): InputRecord {
  const cells: [string, unknown][] = []
  for (const [name, raw] of Object.entries(row)) {
    if (raw === '') continue
    const text = decodeCell(raw)
    if (typeof text !== 'string') return { at, refused: `${text.problem} (in the column "${name}")` }
    cells.push([name, cast ? castCell(text) : text])
  }
  return { at, value: Object.fromEntries(cells) }
}

const PLAIN = /^[\0-\x7f]*$/

/** Returns the text of a cell whose characters are bytes of UTF-8, or what is wrong with them. */
function decodeCell(raw: string): string | { readonly problem: string } {
  if (PLAIN.test(raw)) return raw
  const bytes = Buffer.from(raw, 'latin1')
  const problem = utf8Problem(bytes)
  return problem === null ? bytes.toString() : { problem }
}

/** Bytes that are read to find the end of the header. */
const PEEK_LIMIT = 256 * 1024
/** The line with which a file of Excel says what is between its cells. */
const SEPARATOR_LINE = /^sep=(.)\r?(?:\n|$)/i
const DELIMITERS = [',', ';', '\t', '|'] as const

/** Returns the first line, and all chunks. */
async function peekLine(
  source: AsyncIterable<Buffer>,
): Promise<{ readonly head: string; readonly chunks: AsyncIterable<Buffer> }> {
  const iterator = source[Symbol.asyncIterator]()
  let head = Buffer.alloc(0)
  while (head.length < PEEK_LIMIT && !head.includes('\n')) {
    const { value, done } = await iterator.next()
    if (done) break
    head = Buffer.concat([head, value])
  }
  async function* chain() {
    yield head
    yield* { [Symbol.asyncIterator]: () => iterator }
  }
  const [line = ''] = head.toString('latin1').split('\n', 1)
  return { head: line, chunks: chain() }
}

/** Returns the delimiter that a header has most of, outside of quotes; a comma if it has none. */
function delimiterOf(header: string): string {
  const bare = header.replaceAll(/"(?:[^"]|"")*"?/g, '')
  const counted = DELIMITERS.map((delimiter) => ({ delimiter, count: bare.split(delimiter).length }))
  return counted.reduce((best, one) => (one.count > best.count ? one : best)).delimiter
}

function readHeader(names: string[]): string[] {
  const trimmed = names.map((raw) => {
    const name = decodeCell(raw)
    if (typeof name !== 'string') throw new CliError(`the CSV header (line 1) ${name.problem}`)
    return name.trim()
  })
  const repeated = trimmed.find((name, index) => trimmed.indexOf(name) !== index)
  if (trimmed.includes('')) throw new CliError('the CSV header (line 1) has a column without a name')
  if (repeated !== undefined) throw new CliError(`the CSV header (line 1) has the column "${repeated}" twice`)
  return trimmed
}

function explainRow(error: CsvError | undefined): string {
  return error === undefined ? 'is not a CSV row' : `is not a CSV row: ${error.message}`
}

function rowTooLong({ lines }: CsvError): CliError {
  return new CliError(`the CSV row that ends at line ${lines} is longer than 1 MB; is a quote left open?`)
}
