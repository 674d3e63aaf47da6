import { defineView, type Emission, type FoldInput } from '#shared/domain/define-domain.ts'
import { symbolChannel, symbolOf } from './market-channels.ts'
import { priceNumber, priceUnits } from './money.ts'
import { fieldsOf, isWhole, readTime } from './read-event.ts'
import {
  addTick,
  type Bar,
  barOf,
  EMPTY_SERIES,
  INTERVALS,
  type Interval,
  isLate,
  MINUTE_MS,
  mergeSeries,
  putBar,
  readTick,
  type Series,
} from './series.ts'

/** The number of candles in the live window. */
export const LIVE_CANDLES = 100

/** The hours of a period of `candle-history`: 60 to 96 candles each. */
export const PERIOD_HOURS = { '1m': 1, '5m': 6, '15m': 24, '1h': 96, '4h': 384, '1d': 2304 } as const

const INTERVAL_NAMES = Object.keys(INTERVALS).filter(isInterval)

export type CandleState = Series

/** A candle as readers receive it: `time` is its start in seconds since 1970, UTC, as chart libraries expect it. */
export type Candle = {
  readonly time: number
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
  readonly volume: number
}
/** What `candles` and `candle-history` present: candles oldest first, with gaps if nothing was traded. */
export type Candles = {
  readonly symbol: string
  readonly interval: Interval
  readonly candles: readonly Candle[]
  /** The number of ticks that were too late for the live window; they are in `candle-history`. */
  readonly late: number
}

function isInterval(text: string | undefined): text is Interval {
  return text !== undefined && Object.hasOwn(INTERVALS, text)
}

/** Returns the key of a symbol's live candles. */
export function candleKey(symbol: string, interval: Interval): string {
  return `${symbol}:${interval}`
}

/** Returns the key of the period of history that contains the candle of a time (milliseconds since 1970). */
export function candleHistoryKey(symbol: string, interval: Interval, at: number): string {
  const span = PERIOD_HOURS[interval] * 60 * MINUTE_MS
  const begin = new Date(Math.floor(at / span) * span).toISOString()
  return `${symbol}:${interval}:${begin.slice(0, -11)}`
}

function partsOf(key: string): { symbol: string; interval: Interval } {
  const [symbol = '', interval] = key.split(':')
  return { symbol, interval: isInterval(interval) ? interval : '1m' }
}

export function presentBar([start, open, high, low, close, volume]: Bar): Candle {
  return {
    time: start * 60,
    open: priceNumber(open),
    high: priceNumber(high),
    low: priceNumber(low),
    close: priceNumber(close),
    volume,
  }
}

function presentCandles({ bars, late }: Series, _now: number, key: string): Candles {
  return { ...partsOf(key), candles: bars.map(presentBar), late }
}

/** Returns the bar that an event moves out of the live window: the oldest one, or that of a late tick itself. */
function barThatLeaves(before: Series, input: FoldInput, after: Series, minutes: number): Bar | undefined {
  const [first] = before.bars
  const tick = readTick(input)
  if (tick === null || first === undefined) return undefined
  const bar = barOf(tick, minutes)
  if (isLate(before.bars, bar, LIVE_CANDLES)) return bar
  return after.bars[0] !== undefined && after.bars[0][0] > first[0] ? first : undefined
}

function archive(bar: Bar, key: string): Emission {
  const { symbol, interval } = partsOf(key)
  const timeOf = (after: number) => new Date(bar[0] * MINUTE_MS + after).toISOString()
  const { time: _, ...candle } = presentBar(bar)
  return {
    type: 'market.candle.archived',
    subject: symbol,
    data: {
      symbol,
      interval,
      ...candle,
      begin: timeOf(0),
      openedAt: timeOf(bar[6]),
      closedAt: timeOf(bar[7]),
    },
  }
}

export const candlesView = defineView<CandleState>({
  description: `The last ${LIVE_CANDLES} candles (open, high, low, close, volume) of "<symbol>:<interval>", by the time of the ticks, in UTC; intervals: ${INTERVAL_NAMES.join(', ')}.`,
  lateEvents: `A tick counts for the candle of its time. A tick from before the ${LIVE_CANDLES} candles is counted as late and goes to candle-history.`,
  channels: ['market.tick.*'],
  channelsOf: (key) => [symbolChannel('tick', partsOf(key).symbol)],
  keys: ({ event }) => {
    const symbol = event.type === 'market.tick' ? symbolOf(event.category) : undefined
    return symbol === undefined ? [] : INTERVAL_NAMES.map((interval) => `${symbol}:${interval}`)
  },
  initial: () => EMPTY_SERIES,
  apply: (state, input, key) => {
    const tick = readTick(input)
    return tick === null ? state : addTick(state, tick, INTERVALS[partsOf(key).interval], LIVE_CANDLES)
  },
  merge: mergeSeries,
  emit: (before, input, after, key) => {
    const bar = barThatLeaves(before, input, after, INTERVALS[partsOf(key).interval])
    return bar === undefined ? [] : [archive(bar, key)]
  },
  present: presentCandles,
  erasing: { rule: 'It keeps prices and volumes by time, and nothing that names a single tick.' },
})

type Archived = { readonly key: string; readonly bar: Bar }

/** Returns the bar of a `market.candle.archived` and the key of its period; null if the event is not a valid one. */
function readArchived(input: FoldInput): Archived | null {
  const { interval, ...data } = fieldsOf(input)
  const symbol = symbolOf(input.event.category)
  if (input.event.type !== 'market.candle.archived' || symbol === undefined) return null
  const bar = typeof interval === 'string' && isInterval(interval) ? readBar(data, INTERVALS[interval]) : null
  if (bar === null) return null
  return { key: candleHistoryKey(symbol, interval as Interval, bar[0] * MINUTE_MS), bar }
}

/**
 * Returns a bar that starts at a multiple of its interval, so that the number of bars of a period is bounded; null for
 * any other.
 */
function readBar(data: Readonly<Record<string, unknown>>, minutes: number): Bar | null {
  const { volume, begin, openedAt, closedAt } = data
  const [at, opened, closed] = [readTime(begin), readTime(openedAt), readTime(closedAt)]
  const [open, high] = [priceUnits(data.open), priceUnits(data.high)]
  const [low, close] = [priceUnits(data.low), priceUnits(data.close)]
  const span = minutes * MINUTE_MS
  if (at === null || opened === null || closed === null || at % span !== 0) return null
  if (opened < at || closed < opened || closed >= at + span) return null
  if (open === null || high === null || low === null || close === null) return null
  if (!isWhole(volume, 0, Number.MAX_SAFE_INTEGER)) return null
  return [at / MINUTE_MS, open, high, low, close, volume, opened - at, closed - at]
}

export const candleHistoryView = defineView<CandleState>({
  description:
    'The candles that left the live window, of "<symbol>:<interval>:<begin of the period>", such as "ACME:1m:2026-03-01T10": ' +
    'an hour of 1m, 6 hours of 5m, a day of 15m, 4 days of 1h, 16 days of 4h, 96 days of 1d.',
  lateEvents:
    'A late tick of "candles" arrives as a candle of its own and is joined with the one of its time.',
  channels: ['market.candle.*'],
  channelsOf: (key) => [symbolChannel('candle', partsOf(key).symbol)],
  keys: (input) => {
    const archived = readArchived(input)
    return archived === null ? [] : [archived.key]
  },
  initial: () => EMPTY_SERIES,
  apply: (state, input, key) => {
    const archived = readArchived(input)
    if (archived === null || archived.key !== key) return state
    return { ...state, bars: putBar(state.bars, archived.bar) }
  },
  merge: mergeSeries,
  present: presentCandles,
  erasing: { rule: 'It keeps prices and volumes by time, and nothing that names a single tick.' },
  // About 30 periods of each symbol begin in a day.
  keepDays: 365,
})

/** Joins history and live candles. A candle that both contain had late ticks; its two parts are joined. */
export function joinCandles(history: readonly Candle[], live: readonly Candle[]): Candle[] {
  const byTime = new Map(history.map((candle) => [candle.time, candle]))
  for (const candle of live) {
    const older = byTime.get(candle.time)
    byTime.set(candle.time, older === undefined ? candle : joinTwo(older, candle))
  }
  return [...byTime.values()].sort((a, b) => a.time - b.time)
}

function joinTwo(older: Candle, newer: Candle): Candle {
  return {
    ...newer,
    open: older.open,
    high: Math.max(older.high, newer.high),
    low: Math.min(older.low, newer.low),
    volume: older.volume + newer.volume,
  }
}
