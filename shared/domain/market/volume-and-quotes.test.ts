import { describe, expect, it } from 'vitest'
import { makeTicks, naiveCandles, type TestTick, tickInput } from '#shared/testing/market/ticks.ts'
import { createRandom } from '#shared/testing/random.ts'
import { type Quote, quotesView } from './quotes-view.ts'
import { correlate, VOLUME_MINUTES, type VolumeAnalysis, volumeView } from './volume-view.ts'

const NOON = Date.parse('2026-03-01T12:00:00Z')
const MINUTE = 60_000

function analyse(ticks: readonly TestTick[], now = NOON + 86_400_000): VolumeAnalysis {
  const state = ticks.reduce(
    (before, tick, offset) => volumeView.apply(before, tickInput(tick, offset), 'ACME'),
    volumeView.initial('ACME'),
  )
  return volumeView.present?.(state, now, 'ACME') as VolumeAnalysis
}

function quote(ticks: readonly TestTick[]): Quote | null {
  const state = ticks.reduce(
    (before, tick, offset) => quotesView.apply(before, tickInput(tick, offset), 'ACME'),
    quotesView.initial('ACME'),
  )
  return quotesView.present?.(state, 0, 'ACME') as Quote | null
}

/** One tick each minute with these volumes and prices. */
function minutes(volumes: readonly number[], prices: readonly number[] = []): TestTick[] {
  return volumes.map((volume, n) => ({ at: NOON + n * MINUTE, price: prices[n] ?? 10, volume }))
}

describe('the volume of 100,000 ticks, many of them late', () => {
  const ticks = makeTicks(100_000, createRandom(11).next)
  const expected = naiveCandles(ticks, 1).slice(-VOLUME_MINUTES)
  const volumes = expected.map(({ volume }) => volume)

  it('is that of a naive recomputation, minute by minute, with its average, ratio and correlation', () => {
    const found = analyse(ticks, (expected.at(-1)?.time ?? 0) * 1000 + 86_400_000)
    const before = volumes.slice(0, -1)
    const average = before.reduce((sum, volume) => sum + volume, 0) / before.length
    const current = volumes.at(-1) ?? 0
    const changes = expected.slice(1).map(({ close }, n) => close - (expected[n]?.close ?? 0))

    expect(found.minutes).toEqual(expected.map(({ time, volume, close }) => ({ time, volume, close })))
    expect(found.current).toBe(current)
    expect(found.average).toBeCloseTo(average, 9)
    expect(found.ratio).toBeCloseTo(current / average, 9)
    expect(found.correlation).toBeCloseTo(naivePearson(changes, volumes.slice(1)), 9)
  })

  it('is completely in the bands of its profile, which have no gaps', () => {
    const { profile } = analyse(ticks)

    expect(profile).toHaveLength(12)
    expect(profile.reduce((sum, { volume }) => sum + volume, 0)).toBe(volumes.reduce((a, b) => a + b, 0))
    expect(profile.slice(1).map(({ from }) => from)).toEqual(profile.slice(0, -1).map(({ to }) => to))
    expect(profile[0]?.from).toBe(Math.min(...expected.map(({ low }) => low)))
    expect(profile.at(-1)?.to).toBe(Math.max(...expected.map(({ high }) => high)))
  })
})

/** The textbook formula of sums. */
function naivePearson(x: readonly number[], y: readonly number[]): number {
  const n = x.length
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0)
  const xy = sum(x.map((value, i) => value * (y[i] ?? 0)))
  const [sx, sy] = [sum(x), sum(y)]
  const root = Math.sqrt((n * sum(x.map((v) => v * v)) - sx * sx) * (n * sum(y.map((v) => v * v)) - sy * sy))
  return (n * xy - sx * sy) / root
}

describe('the volume analysis', () => {
  it.each([
    [[100, 100, 100, 150], 'high'],
    [[100, 100, 100, 149], 'medium'],
    [[100, 100, 100, 51], 'medium'],
    [[100, 100, 100, 50], 'low'],
    [[100], null],
  ])('of %j says that the last minute is %s', (volumes, level) => {
    expect(analyse(minutes(volumes)).level).toBe(level)
  })

  it.each([
    [[100, 110, 120, 130, 140], 'rising'],
    [[140, 130, 120, 110, 100], 'falling'],
    [[100, 102, 99, 101, 103], 'steady'],
    [[100], 'steady'],
    [[0, 0], 'steady'],
  ])('of %j says that volume is %s', (volumes, trend) => {
    expect(analyse(minutes(volumes)).trend).toBe(trend)
  })

  it('compares a running minute with the same part of an average minute, and leaves it out of the trend', () => {
    const ticks = minutes([100, 100, 100, 50])
    const half = analyse(ticks, NOON + 3.5 * MINUTE)

    expect([half.ratio, half.level, half.trend]).toEqual([1, 'medium', 'steady'])
    expect(analyse(ticks, NOON + 4 * MINUTE)).toMatchObject({ ratio: 0.5, level: 'low', trend: 'falling' })
  })

  it('finds that price and volume go together, against each other, or neither', () => {
    const prices = [10, 11, 13, 16, 20]
    expect(analyse(minutes([1, 10, 20, 30, 40], prices)).correlation).toBeCloseTo(1, 9)
    expect(analyse(minutes([1, 40, 30, 20, 10], prices)).correlation).toBeCloseTo(-1, 9)
    expect(analyse(minutes([5, 5, 5, 5, 5], prices)).correlation).toBeNull()
    expect(correlate([1, 2], [1, 2])).toBeNull()
  })

  it('of nothing is empty, and of one price one band', () => {
    expect(analyse([])).toEqual({
      symbol: 'ACME',
      time: null,
      current: 0,
      average: null,
      ratio: null,
      trend: 'steady',
      correlation: null,
      level: null,
      profile: [],
      minutes: [],
    })
    expect(analyse(minutes([3, 4])).profile).toEqual([{ from: 10, to: 10, volume: 7 }])
  })
})

describe('a quote', () => {
  const DAY = 86_400_000

  it('has the last price by time, and the day so far against the close of the day before', () => {
    expect(
      quote([
        { at: NOON - DAY, price: 100, volume: 5 },
        { at: NOON, price: 103, volume: 1 },
        { at: NOON + MINUTE, price: 99.5, volume: 2 },
        { at: NOON - MINUTE, price: 102, volume: 3 },
        { at: NOON - DAY + MINUTE, price: 101, volume: 9 },
      ]),
    ).toEqual({
      symbol: 'ACME',
      last: 99.5,
      at: '2026-03-01T12:01:00.000Z',
      day: '2026-03-01',
      open: 102,
      high: 103,
      low: 99.5,
      volume: 6,
      previousClose: 101,
      change: -1.5,
      changePercent: -1.49,
    })
  })

  it('of a first day has the change since its open; without trades there is none', () => {
    const first = quote([
      { at: NOON, price: 100, volume: 5 },
      { at: NOON + 1, price: 110, volume: 1 },
    ])
    expect(first).toMatchObject({ previousClose: null, change: 10, changePercent: 10 })
    expect(quote([])).toBeNull()
  })
})
