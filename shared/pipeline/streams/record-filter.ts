import { Buffer } from 'node:buffer'
import type { ShownRecord } from '#shared/core/streams.ts'
import { foldText } from '#shared/core/text/fold-text.ts'

/** Which records are wanted; what is left out excludes none. */
export type RecordFilter = {
  /** A text in the key, the value or a header, in any case of letters. */
  readonly text?: string
  /** A member of the decoded event, such as `data.containerId`, and the text that it must be. */
  readonly field?: { readonly path: readonly string[]; readonly value: string }
}

/** What a filter judges: the bytes of a record as they are shown, and its event. */
type Judged = Pick<ShownRecord, 'event'> & { readonly texts: readonly (Uint8Array | null)[] }

/** Returns whether a record passes a filter. */
export function recordFilter({ text, field }: RecordFilter): (record: Judged) => boolean {
  const wanted = text === undefined ? undefined : foldText(text)
  const hasText = ({ texts }: Judged) =>
    wanted === undefined ||
    texts.some((bytes) => bytes !== null && foldText(Buffer.from(bytes).toString('utf8')).includes(wanted))
  const hasField = ({ event }: Judged) =>
    field === undefined || valuesAt(event, field.path).some((value) => textOf(value) === field.value)
  return (record) => hasField(record) && hasText(record)
}

/** The values at a path; those of every element where there is an array. */
function valuesAt(value: unknown, [name, ...rest]: readonly string[]): unknown[] {
  if (Array.isArray(value))
    return value.flatMap((element) => valuesAt(element, name === undefined ? [] : [name, ...rest]))
  if (name === undefined) return [value]
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return []
  return valuesAt((value as Readonly<Record<string, unknown>>)[name], rest)
}

function textOf(value: unknown): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value)
}
