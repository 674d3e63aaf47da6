import type { FoldInput } from '#shared/domain/define-domain.ts'
import { priceUnits } from './money.ts'
import type { Tick } from './series.ts'

/** The greatest volume of a tick. */
export const MAX_VOLUME = 1_000_000_000_000

/** The years that RFC 3339 can write, but for year 0. */
const FIRST_MS = Date.parse('0001-01-01T00:00:00Z')
const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z')

/** The fields of an event's data, none where it is no object. */
export function fieldsOf({ event }: FoldInput): Readonly<Record<string, unknown>> {
  const { data } = event
  return typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : {}
}

/** The tick that an event tells of; null where it is none, or has no time. */
export function readTick(input: FoldInput): Tick | null {
  if (input.event.type !== 'market.tick') return null
  const { price, volume = 0 } = fieldsOf(input)
  const units = priceUnits(price)
  const at = readTime(input.event.time)
  if (units === null || !isWhole(volume, 0, MAX_VOLUME) || at === null) return null
  return { at, price: units, volume }
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
