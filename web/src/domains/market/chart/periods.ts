import { candleHistoryKey, PERIOD_HOURS } from '#shared/domain/market/candle-views.ts'
import type { Interval } from '#shared/domain/market/series.ts'

const HOUR_MS = 3_600_000

/** A stretch of candle history, in milliseconds since 1970, UTC; `key` is that of its view. */
export type Period = { readonly begin: number; readonly end: number; readonly key: string }

/** Returns the period of history that contains a time. */
export function periodAt(symbol: string, interval: Interval, at: number): Period {
  const span = PERIOD_HOURS[interval] * HOUR_MS
  const begin = Math.floor(at / span) * span
  return { begin, end: begin + span, key: candleHistoryKey(symbol, interval, begin) }
}

/** Reads a time from the address, to the hour in UTC ("2026-03-01T10"). Returns `now` for anything else, and for the future. */
export function readPeriod(text: string | undefined, now: number): number {
  const at = /^\d{4}-\d\d-\d\dT\d\d$/.test(text ?? '') ? Date.parse(`${text}:00:00Z`) : Number.NaN
  return at >= 0 && at <= now ? at : now
}

/** Writes the beginning of a period for the address. */
export function writePeriod(begin: number): string {
  return new Date(begin).toISOString().slice(0, 13)
}
