import { defineView } from '#shared/domain/define-domain.ts'
import { priceNumber } from './money.ts'
import { INTERVALS, MINUTE_MS, type Series, tickSeries } from './series.ts'

/** Today's bar, and that of the trading day before. */
const DAYS = 2

export type QuoteState = Series

/** What `quotes` presents of a symbol. Prices in currency units; the day is the last one that was traded on, in UTC. */
export type Quote = {
  readonly symbol: string
  readonly last: number
  /** When the last price was traded, RFC 3339. */
  readonly at: string
  readonly day: string
  readonly open: number
  readonly high: number
  readonly low: number
  readonly volume: number
  /** The close of the trading day before; null if it is unknown. */
  readonly previousClose: number | null
  /** The difference to the close of the trading day before; without one, to today's open. */
  readonly change: number
  readonly changePercent: number
}

function presentQuote({ bars }: Series, _now: number, symbol: string): Quote | null {
  const today = bars.at(-1)
  if (today === undefined) return null
  const [start, open, high, low, close, volume, , closeAt] = today
  const previous = bars.at(-2)?.[4]
  const base = previous ?? open
  const at = new Date(start * MINUTE_MS + closeAt).toISOString()
  return {
    symbol,
    last: priceNumber(close),
    at,
    day: at.slice(0, 10),
    open: priceNumber(open),
    high: priceNumber(high),
    low: priceNumber(low),
    volume,
    previousClose: previous === undefined ? null : priceNumber(previous),
    change: priceNumber(close - base),
    changePercent: Math.round((10_000 * (close - base)) / base) / 100,
  }
}

export const quotesView = defineView<QuoteState>({
  description: "A symbol's last price, and open, high, low, change and volume of its last trading day (UTC).",
  lateEvents:
    'A tick counts for its own day; the last two days with trades are kept. The last price is that of the latest time.',
  ...tickSeries(INTERVALS['1d'], DAYS),
  present: presentQuote,
  erasing: { rule: 'It keeps prices and volumes by time, and nothing that names a single tick.' },
})
