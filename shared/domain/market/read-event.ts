import { parseTimestamp } from '#shared/core/time.ts'
import type { FoldInput } from '#shared/domain/define-domain.ts'

/** Returns the fields of an event's data; none if the data is not an object. */
export function fieldsOf({ event }: FoldInput): Readonly<Record<string, unknown>> {
  const { data } = event
  return typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : {}
}

/** Returns a time in milliseconds since 1970; null if the value is not a time. */
export function readTime(time: unknown): number | null {
  return typeof time === 'string' ? parseTimestamp(time) : null
}

/** Whether a value is a whole number within limits. */
export function isWhole(value: unknown, minimum: number, maximum: number): value is number {
  return Number.isInteger(value) && (value as number) >= minimum && (value as number) <= maximum
}

/** The longest id of an order or an alert. */
export const MAX_ID = 64

/** Whether a value can be the id of an order or alert. */
export function isId(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_ID
}
