import { pipeline, Readable } from 'node:stream'
import { type CsvError, parse } from 'csv-parse'
import { parseExactJson } from '#shared/core/json/exact-json.ts'
import { CliError } from './cli-error.ts'
import type { InputRecord } from './input-record.ts'

const ROW_LIMIT = 1024 * 1024
// No leading zeros and no bare "1e5": those are codes and article numbers more often than numbers.
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]\d+)?$/
/** What is longer stays text, and so does what a double cannot hold, such as 1e+400 or -0: no digit is lost. */
const EXACT_DIGITS = 15

/** What csv-parse yields with `info: true` and `columns: true`. */
type Row = { readonly record: Readonly<Record<string, string>>; readonly info: { readonly lines: number } }

/**
 * Yields the rows of CSV with a header (https://www.rfc-editor.org/rfc/rfc4180); a byte order mark is skipped. Empty
 * cells are left out. With `cast`, cells are cast as by `castCell`. A row that does not fit the header is refused, and
 * the next rows are read. Throws CliError on an invalid header or a row of more than 1 MB.
 */
export async function* readCsv(
  chunks: AsyncIterable<Buffer>,
  { cast }: { cast: boolean },
): AsyncGenerator<InputRecord> {
  const skipped: InputRecord[] = []
  const parser = parse({
    bom: true,
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
    yield { at: `line ${info.lines}`, value: readCells(record, cast) }
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

function readCells(row: Readonly<Record<string, string>>, cast: boolean): Record<string, unknown> {
  const cells = Object.entries(row).filter(([, text]) => text !== '')
  return Object.fromEntries(cast ? cells.map(([name, text]) => [name, castCell(text)]) : cells)
}

function readHeader(names: string[]): string[] {
  const trimmed = names.map((name) => name.trim())
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
