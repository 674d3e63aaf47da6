import type { FoldInput } from '#shared/domain/define-domain.ts'
import type { Candle } from '#shared/domain/market/candle-views.ts'

export type TestTick = { readonly at: number; readonly price: number; readonly volume: number }

/** Returns a tick as the log contains it. */
export function tickInput({ at, price, volume }: TestTick, offset: number, symbol = 'ACME'): FoldInput {
  const event = {
    id: `t-${offset}`,
    source: '/test',
    type: 'market.tick',
    category: `market.tick.${symbol}`,
    time: new Date(at).toISOString(),
    data: { symbol, price, volume },
  }
  return { topic: 'market-ticks', partition: 0, offset, event }
}

/**
 * Ticks of months in the order in which they arrive: mostly seconds apart, some nights and weekends between; every
 * tenth minutes to hours late, every hundredth up to 200 days, and many at the very same time.
 */
export function makeTicks(count: number, random: () => number): TestTick[] {
  let clock = Date.parse('2026-03-01T00:00:00Z')
  return Array.from({ length: count }, () => {
    clock += random() < 0.0005 ? random() * 3 * 86_400_000 : Math.floor(random() * 30) * 1000
    const dice = random()
    const late = dice < 0.01 ? random() * 200 * 86_400_000 : dice < 0.1 ? random() * 3 * 3_600_000 : 0
    return {
      at: Math.round(clock - late),
      price: (1 + Math.floor(random() * 2_000_000)) / 10_000,
      volume: Math.floor(random() * 1000),
    }
  })
}

/** Returns candles computed the slow and obvious way: all ticks of an interval, sorted by time, then by arrival. */
export function naiveCandles(ticks: readonly TestTick[], minutes: number): Candle[] {
  const groups = Map.groupBy(ticks, ({ at }) => Math.floor(at / 60_000 / minutes) * minutes * 60)
  const candles = [...groups].map(([time, group]) => {
    const sorted = group.toSorted((a, b) => a.at - b.at)
    const prices = sorted.map(({ price }) => price)
    return {
      time,
      open: prices[0] ?? 0,
      high: Math.max(...prices),
      low: Math.min(...prices),
      close: prices.at(-1) ?? 0,
      volume: sorted.reduce((sum, { volume }) => sum + volume, 0),
    }
  })
  return candles.sort((a, b) => a.time - b.time)
}
