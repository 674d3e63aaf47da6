import { defineView } from '#shared/domain/define-domain.ts'
import { priceNumber } from './money.ts'
import { type Bar, INTERVALS, MINUTE_MS, type Series, tickSeries } from './series.ts'

/** How many minutes with trades are kept. */
export const VOLUME_MINUTES = 60

export type VolumeState = Series

export const volumeView = defineView<VolumeState>({
  description: `A symbol's volume over its last ${VOLUME_MINUTES} minutes with trades: the current minute against the average, the trend, the correlation of price and volume, and volume by price.`,
  lateEvents:
    'A tick goes to the minute of its time. One from before the minutes kept is only counted as late.',
  ...tickSeries(INTERVALS['1m'], VOLUME_MINUTES),
  present: ({ bars }, now, symbol) => analyseVolume(symbol, bars, now),
})

/** How many price bands the profile of volume by price has. */
const BANDS = 12
/** Volume that changes by less than this part of its average over the bars kept is steady. */
const STEADY = 0.1
/** From these multiples of the average on, volume is high or low. */
const HIGH = 1.5
const LOW = 0.5
/** Of the first seconds of a minute nothing can be told. */
const LEAST_ELAPSED = 1 / 12

type VolumeBand = { readonly from: number; readonly to: number; readonly volume: number }

/** What the `volume` view presents of a symbol. */
export type VolumeAnalysis = {
  readonly symbol: string
  /** The last minute that was traded in: its start (seconds since 1970) and its volume so far. */
  readonly time: number | null
  readonly current: number
  /** The average volume of the minutes before it in which anything was traded; null where there are none. */
  readonly average: number | null
  /** The volume of the last minute over the average for as much of a minute as has gone by; null without an average. */
  readonly ratio: number | null
  /** Whether volume went up or down over the complete minutes: the slope of a straight line through them. */
  readonly trend: 'rising' | 'falling' | 'steady'
  /** Pearson's correlation of a minute's change in price and its volume, from -1 to 1; null where it has none. */
  readonly correlation: number | null
  /** From 1.5 times the average "high", up to half of it "low"; null without an average. */
  readonly level: 'high' | 'medium' | 'low' | null
  /** Volume by price, lowest price first. */
  readonly profile: readonly VolumeBand[]
  readonly minutes: readonly { readonly time: number; readonly volume: number; readonly close: number }[]
}

/** Analyses the minutes of a symbol, oldest first, as of `now` (milliseconds since 1970). */
function analyseVolume(symbol: string, bars: readonly Bar[], now: number): VolumeAnalysis {
  const last = bars.at(-1)
  const before = bars.slice(0, -1).map(volumeOf)
  const average = before.length === 0 ? null : mean(before)
  const current = last === undefined ? 0 : volumeOf(last)
  const elapsed = last === undefined ? 1 : (now - last[0] * MINUTE_MS) / MINUTE_MS
  const isRunning = elapsed >= 0 && elapsed < 1
  const expected = (average ?? 0) * (isRunning ? Math.max(elapsed, LEAST_ELAPSED) : 1)
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

/** A bar's change in price since the close of the bar before; `index` counts from the second bar. */
function changeSince(bars: readonly Bar[]): (bar: Bar, index: number) => number {
  return (bar, index) => bar[4] - (bars[index]?.[4] ?? bar[1])
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** The slope of the line of least squares, over all the values, as a part of their average. */
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

/** Pearson's correlation; null for fewer than three pairs, or where one side never changes. */
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

/** Spreads the volume of each bar over bands of price by its typical price, (high + low + close) / 3. */
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
