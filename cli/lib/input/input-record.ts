import { digitsOf } from '#shared/core/json/exact-json.ts'

/** A JSON object as it was read. */
export type JsonObject = Readonly<Record<string, unknown>>

/**
 * One record of the input, or the reason why it could not be read.
 * `at` is its place for an error message: `line 12` of NDJSON and CSV, `record 3` of a JSON array.
 */
export type InputRecord =
  | { readonly at: string; readonly value: JsonObject }
  | { readonly at: string; readonly refused: string }

/** Whether a parsed JSON value is an object; a number with all its digits (shared/core/json/exact-json.ts) is none. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && digitsOf(value) === undefined
}
