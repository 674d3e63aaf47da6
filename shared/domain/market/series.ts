import type { FoldInput, View } from '#shared/domain/define-domain.ts'
import { symbolChannel, symbolOf } from './market-channels.ts'
import { priceUnits } from './money.ts'
import { fieldsOf, isWhole, readTime } from './read-event.ts'

/** The minutes of each candle interval. */
export const INTERVALS = { '1m': 1, '5m': 5, '15m': 15, '1h': 60, '4h': 240, '1d': 1440 } as const
export type Interval = keyof typeof INTERVALS

export const MINUTE_MS = 60_000

/** A trade: its event time in milliseconds, its price in 1/10,000, and its volume. */
export type Tick = { readonly at: number; readonly price: number; readonly volume: number }

/** The maximum volume of a tick. */
export const MAX_VOLUME = 1_000_000_000_000

/** Returns the tick of an event; null if the event is not a valid tick, or has no time. */
export function readTick(input: FoldInput): Tick | null {
  if (input.event.type !== 'market.tick') return null
  const { price, volume = 0 } = fieldsOf(input)
  const units = priceUnits(price)
  const at = readTime(input.event.time)
  if (units === null || !isWhole(volume, 0, MAX_VOLUME) || at === null) return null
  return { at, price: units, volume }
}

/**
 * The trades of one interval (UTC): its start in minutes since 1970; open, high, low and close in 1/10,000; the volume;
 * and how many milliseconds after the start the open and the close were traded. A tuple, because it is saved with every
 * batch.
 */
export type Bar = readonly [
  start: number,
  open: number,
  high: number,
  low: number,
  close: number,
  volume: number,
  openAt: number,
  closeAt: number,
]

/** The newest bars of an interval, oldest first, and the number of ticks that were too late for them. */
export type Series = { readonly bars: readonly Bar[]; readonly late: number }

export const EMPTY_SERIES: Series = { bars: [], late: 0 }

/** Adds volumes up to the maximum safe integer and stays there, in any order of adding. */
function addVolumes(left: number, right: number): number {
  return Math.min(left + right, Number.MAX_SAFE_INTEGER)
}

export function barOf({ at, price, volume }: Tick, minutes: number): Bar {
  const start = Math.floor(at / (minutes * MINUTE_MS)) * minutes
  const after = at - start * MINUTE_MS
  return [start, price, price, price, price, volume, after, after]
}

/**
 * Joins two bars of the same start. The open is the price of the earliest trade and the close that of the latest one,
 * independent of their order in the log. Of two trades at the same time, the first one in the log opens, the last one closes.
 */
function joinBars(left: Bar, right: Bar): Bar {
  const opens = right[6] < left[6] ? right : left
  const closes = right[7] >= left[7] ? right : left
  return [
    left[0],
    opens[1],
    Math.max(left[2], right[2]),
    Math.min(left[3], right[3]),
    closes[4],
    addVolumes(left[5], right[5]),
    opens[6],
    closes[7],
  ]
}

/**
 * Returns the index at which a bar of this start is, or must be inserted. Searches from the end: ticks are rarely late.
 */
function placeOf(bars: readonly Bar[], start: number): number {
  let place = bars.length
  while (place > 0 && (bars[place - 1]?.[0] ?? 0) >= start) place--
  return place
}

/** Inserts a bar into sorted bars, or joins it with the one of the same start. */
export function putBar(bars: readonly Bar[], bar: Bar): readonly Bar[] {
  const place = placeOf(bars, bar[0])
  const found = bars[place]
  return found?.[0] === bar[0] ? bars.with(place, joinBars(found, bar)) : bars.toSpliced(place, 0, bar)
}

/**
 * Adds a tick to a series of at most `keep` bars. A tick before the first of `keep` bars is late: it is counted and
 * changes no bar, so that the bars do not depend on the order in which ticks arrive.
 */
export function addTick(series: Series, tick: Tick, minutes: number, keep: number): Series {
  const { bars, late } = series
  const bar = barOf(tick, minutes)
  if (isLate(bars, bar, keep)) return { bars, late: late + 1 }
  const put = putBar(bars, bar)
  return { bars: put.length > keep ? put.slice(1) : put, late }
}

/** Whether a bar is older than all bars of a full series. */
export function isLate(bars: readonly Bar[], bar: Bar, keep: number): boolean {
  const [first] = bars
  return bars.length >= keep && first !== undefined && bar[0] < first[0]
}

/** Joins the series of two partitions. No bar is removed: each partition keeps its newest bars. */
export function mergeSeries(left: Series, right: Series): Series {
  return { bars: right.bars.reduce(putBar, left.bars), late: left.late + right.late }
}

/** Returns the fold of a view with a series of ticks for each symbol: at most `keep` bars of `minutes` minutes. */
export function tickSeries(minutes: number, keep: number) {
  return {
    channels: ['market.tick.*'],
    channelsOf: (symbol) => [symbolChannel('tick', symbol)],
    keys: ({ event }) => {
      const symbol = event.type === 'market.tick' ? symbolOf(event.category) : undefined
      return symbol === undefined ? [] : [symbol]
    },
    initial: () => EMPTY_SERIES,
    apply: (state, input) => {
      const tick = readTick(input)
      return tick === null ? state : addTick(state, tick, minutes, keep)
    },
    merge: mergeSeries,
  } satisfies Partial<View<Series>>
}
