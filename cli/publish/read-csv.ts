import { pipeline, Readable } from 'node:stream'
import { type CsvError, parse } from 'csv-parse'
import { CliError } from '../cli-error.ts'
import { castCell } from './cast-cell.ts'
import type { InputRecord } from './input-record.ts'

const ROW_LIMIT = 1024 * 1024

/** What csv-parse yields with `info: true` and `columns: true`. */
type Row = { readonly record: Readonly<Record<string, string>>; readonly info: { readonly lines: number } }

/**
 * Reads CSV with a header (RFC 4180, a BOM is passed over). Empty cells are left out; with `cast`, cells that
 * spell a number, `true` or `false` become that. A row that does not fit the header is refused, the rest goes on.
 */
export async function* readCsv(
  chunks: AsyncIterable<Buffer>,
  { cast }: { cast: boolean },
): AsyncGenerator<InputRecord> {
  const skipped: InputRecord[] = []
  const parser = parse({
    bom: true,
    columns: checkHeader,
    info: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    max_record_size: ROW_LIMIT,
    on_skip: (error) => {
      // The parser cannot find its way back to a row, so it would skip the rest character by character.
      if (error?.code === 'CSV_MAX_RECORD_SIZE') parser.destroy(rowTooLong(error))
      skipped.push({ at: `line ${error?.lines ?? '?'}`, refused: explainRow(error) })
      return undefined
    },
  })
  // A failure of the source surfaces in the loop below, since pipeline destroys the parser with it.
  pipeline(Readable.from(chunks), parser, () => {})
  for await (const row of parser) {
    yield* skipped.splice(0)
    const { record, info }: Row = row
    yield { at: `line ${info.lines}`, value: readCells(record, cast) }
  }
  yield* skipped.splice(0)
}

function readCells(row: Readonly<Record<string, string>>, cast: boolean): Record<string, unknown> {
  const cells = Object.entries(row).filter(([, text]) => text !== '')
  return Object.fromEntries(cast ? cells.map(([name, text]) => [name, castCell(text)]) : cells)
}

function checkHeader(names: string[]): string[] {
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
