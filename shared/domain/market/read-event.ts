import type { FoldInput } from '#shared/domain/define-domain.ts'

/** The years that RFC 3339 can write, but for year 0. */
const FIRST_MS = Date.parse('0001-01-01T00:00:00Z')
const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z')

/** The fields of an event's data, none where it is no object. */
export function fieldsOf({ event }: FoldInput): Readonly<Record<string, unknown>> {
  const { data } = event
  return typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : {}
}

/** A time as milliseconds since 1970; null where it is none. */
export function readTime(time: unknown): number | null {
  const at = typeof time === 'string' ? Date.parse(time) : Number.NaN
  return at >= FIRST_MS && at <= LAST_MS ? at : null
}

/** Whether a value is a whole number within limits. */
export function isWhole(value: unknown, least: number, most: number): value is number {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most
}

/** The longest id of an order or an alert, and the longest symbol in one. */
export const MAX_ID = 64

/** Whether a value can be the id of an order or alert. */
export function isId(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_ID
}
