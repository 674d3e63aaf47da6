import { CliError } from '../cli-error.ts'
import { type InputRecord, isJsonObject } from './input-record.ts'

/** A JSON array is parsed as a whole, so it has a limit; NDJSON and CSV have none. */
const JSON_LIMIT = 100 * 1024 * 1024

/** Reads one JSON object, or an array of them. Throws CliError on text that is not JSON or over 100 MB. */
export async function* readJson(chunks: AsyncIterable<Buffer>): AsyncGenerator<InputRecord> {
  const document = parseDocument(await readWhole(chunks))
  for (const [index, value] of (Array.isArray(document) ? document : [document]).entries()) {
    const at = `record ${index + 1}`
    yield isJsonObject(value) ? { at, value } : { at, refused: 'is not a JSON object' }
  }
}

async function readWhole(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const held: Buffer[] = []
  let length = 0
  for await (const chunk of chunks) {
    length += chunk.length
    if (length > JSON_LIMIT)
      throw new CliError(
        'a JSON document may be 100 MB at most; convert it to NDJSON (jq -c ".[]"), which has no limit',
      )
    held.push(chunk)
  }
  return Buffer.concat(held)
}

function parseDocument(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    const reason = error instanceof SyntaxError ? error.message : 'it is not UTF-8 text'
    throw new CliError(`the input is not JSON: ${reason} (one object per line? give --format ndjson)`, {
      cause: error,
    })
  }
}
