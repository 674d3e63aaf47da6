import { defineView } from '#shared/domain/define-domain.ts'
import { priceNumber } from './money.ts'
import { type Bar, INTERVALS, MINUTE_MS, type Series, tickSeries } from './series.ts'

/** How many minutes with trades are kept. */
export const VOLUME_MINUTES = 60

export type VolumeState = Series

export const volumeView = defineView<VolumeState>({
  description: `A symbol's volume over its last ${VOLUME_MINUTES} minutes with trades: the current minute compared with the average, the trend, the correlation of price and volume, and volume by price.`,
  lateEvents:
    'A tick counts for the minute of its time. A tick from before the minutes kept is only counted as late.',
  ...tickSeries(INTERVALS['1m'], VOLUME_MINUTES),
  present: ({ bars }, now, symbol) => analyseVolume(symbol, bars, now),
  erasing: { rule: 'It keeps prices and volumes by time, and nothing that names a single tick.' },
})

/** The number of price bands of the profile of volume by price. */
const BANDS = 12
/** A change of volume by less than this fraction of its average is steady. */
const STEADY = 0.1
/** Volume is high from this multiple of the average upwards, and low from this one downwards. */
const HIGH = 1.5
const LOW = 0.5
/** A running minute counts as this fraction at least: its first seconds say nothing yet. */
const MIN_ELAPSED = 1 / 12

type VolumeBand = { readonly from: number; readonly to: number; readonly volume: number }

/** What the `volume` view presents of a symbol. */
export type VolumeAnalysis = {
  readonly symbol: string
  /** The start of the last minute with trades, in seconds since 1970; `current` is its volume so far. */
  readonly time: number | null
  readonly current: number
  /** The average volume of the earlier minutes with trades; null if there are none. */
  readonly average: number | null
  /** The volume of the last minute divided by the average for the elapsed part of a minute; null without an average. */
  readonly ratio: number | null
  /** The slope of a straight line through the volumes of the complete minutes. */
  readonly trend: 'rising' | 'falling' | 'steady'
  /** Pearson's correlation of a minute's change in price and its volume, from -1 to 1; null if it is undefined. */
  readonly correlation: number | null
  /** "high" from 1.5 times the average, "low" up to half of it; null without an average. */
  readonly level: 'high' | 'medium' | 'low' | null
  /** Volume by price, lowest price first. */
  readonly profile: readonly VolumeBand[]
  readonly minutes: readonly { readonly time: number; readonly volume: number; readonly close: number }[]
}

/** Returns the analysis of the minutes of a symbol, oldest first, at `now` (milliseconds since 1970). */
function analyseVolume(symbol: string, bars: readonly Bar[], now: number): VolumeAnalysis {
  const last = bars.at(-1)
  const before = bars.slice(0, -1).map(volumeOf)
  const average = before.length === 0 ? null : mean(before)
  const current = last === undefined ? 0 : volumeOf(last)
  const elapsed = last === undefined ? 1 : (now - last[0] * MINUTE_MS) / MINUTE_MS
  const isRunning = elapsed >= 0 && elapsed < 1
  const expected = (average ?? 0) * (isRunning ? Math.max(elapsed, MIN_ELAPSED) : 1)
  const ratio = expected === 0 ? null : current / expected
  return {
    symbol,
    time: last === undefined ? null : last[0] * 60,
    current,
    average,
    ratio,
    trend: trendOf(isRunning ? before : bars.map(volumeOf)),
    correlation: correlate(bars.slice(1).map(changeSince(bars)), bars.slice(1).map(volumeOf)),
    level: ratio === null ? null : ratio >= HIGH ? 'high' : ratio <= LOW ? 'low' : 'medium',
    profile: volumeByPrice(bars),
    minutes: bars.map((bar) => ({ time: bar[0] * 60, volume: volumeOf(bar), close: priceNumber(bar[4]) })),
  }
}

function volumeOf(bar: Bar): number {
  return bar[5]
}

/** Returns a bar's change in price since the close of the bar before; `index` counts from the second bar. */
function changeSince(bars: readonly Bar[]): (bar: Bar, index: number) => number {
  return (bar, index) => bar[4] - (bars[index]?.[4] ?? bar[1])
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** Judges the slope of the line of least squares through all the values, as a fraction of their average. */
function trendOf(volumes: readonly number[]): VolumeAnalysis['trend'] {
  const average = volumes.length < 2 ? 0 : mean(volumes)
  if (average === 0) return 'steady'
  const middle = (volumes.length - 1) / 2
  let products = 0
  let squares = 0
  for (const [index, volume] of volumes.entries()) {
    products += (index - middle) * (volume - average)
    squares += (index - middle) ** 2
  }
  const change = ((products / squares) * (volumes.length - 1)) / average
  return change > STEADY ? 'rising' : change < -STEADY ? 'falling' : 'steady'
}

/** Returns Pearson's correlation; null for fewer than three pairs, or if one side never changes. */
export function correlate(left: readonly number[], right: readonly number[]): number | null {
  if (left.length < 3) return null
  const [meanLeft, meanRight] = [mean(left), mean(right)]
  let [products, squaresLeft, squaresRight] = [0, 0, 0]
  for (const [index, value] of left.entries()) {
    const [a, b] = [value - meanLeft, (right[index] ?? 0) - meanRight]
    products += a * b
    squaresLeft += a * a
    squaresRight += b * b
  }
  const scale = Math.sqrt(squaresLeft) * Math.sqrt(squaresRight)
  return scale === 0 ? null : Math.max(-1, Math.min(1, products / scale))
}

/** Adds the volume of each bar to the price band of its typical price, (high + low + close) / 3. */
function volumeByPrice(bars: readonly Bar[]): VolumeBand[] {
  const lowest = Math.min(...bars.map((bar) => bar[3]))
  const highest = Math.max(...bars.map((bar) => bar[2]))
  if (bars.length === 0) return []
  if (lowest === highest) {
    const price = priceNumber(lowest)
    return [{ from: price, to: price, volume: bars.map(volumeOf).reduce((sum, volume) => sum + volume, 0) }]
  }
  const width = (highest - lowest) / BANDS
  const volumes = Array.from({ length: BANDS }, () => 0)
  for (const [, , high, low, close, volume] of bars) {
    const band = Math.min(BANDS - 1, Math.floor(((high + low + close) / 3 - lowest) / width))
    volumes[band] = (volumes[band] ?? 0) + volume
  }
  const edge = (band: number) => priceNumber(Math.round(lowest + band * width))
  return volumes.map((volume, band) => ({ from: edge(band), to: edge(band + 1), volume }))
}
