import type { InputRecord } from './input-record.ts'
import { readCsv } from './read-csv.ts'
import { readJson } from './read-json.ts'
import { readNdjson } from './read-ndjson.ts'
import { type Format, formatOfName, sniffFormat, withoutBom } from './sniff-format.ts'

export type ReadOptions = { readonly format?: Format | undefined; readonly cast: boolean }

/** Reads the records of a file by its format: the one given, else what its name tells, else what its start looks like. */
export async function* readRecords(
  file: string,
  chunks: AsyncIterable<Buffer>,
  { format, cast }: ReadOptions,
): AsyncGenerator<InputRecord> {
  const known = format ?? formatOfName(file)
  const input = known === null ? await sniffFormat(chunks) : { format: known, chunks }
  const bytes = withoutBom(input.chunks)
  if (input.format === 'csv') yield* readCsv(bytes, { cast })
  else if (input.format === 'json') yield* readJson(bytes)
  else yield* readNdjson(bytes)
}
