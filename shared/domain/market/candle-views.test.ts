import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { FoldInput } from '#shared/domain/define-domain.ts'
import { makeTicks, naiveCandles, type TestTick, tickInput } from '#shared/testing/market/ticks.ts'
import { createRandom } from '#shared/testing/random.ts'
import {
  type CandleState,
  type Candles,
  candleHistoryKey,
  candleHistoryView,
  candleKey,
  candlesView,
  joinCandles,
  LIVE_CANDLES,
} from './candle-views.ts'
import { market } from './market.ts'
import { INTERVALS, type Interval } from './series.ts'

const NOON = Date.parse('2026-03-01T12:00:00Z')
const MINUTE = 60_000

function present(state: CandleState, key = 'ACME:1m'): Candles {
  return candlesView.present?.(state, 0, key) as Candles
}

function foldTicks(ticks: readonly TestTick[], interval: Interval = '1m'): CandleState {
  const key = candleKey('ACME', interval)
  return ticks.reduce(
    (state, tick, offset) => candlesView.apply(state, tickInput(tick, offset), key),
    candlesView.initial(key),
  )
}

/** Folds ticks, and what leaves the live window into its history, as events that fit their schema. */
function foldWithHistory(inputs: readonly FoldInput[], interval: Interval) {
  const key = candleKey('ACME', interval)
  const periods = new Map<string, CandleState>()
  let state = candlesView.initial(key)
  for (const input of inputs) {
    const before = state
    state = candlesView.apply(before, input, key)
    for (const { type, data } of candlesView.emit?.(before, input, state, key) ?? []) {
      if (!market.events[type]?.schema.safeParse(data).success) throw new Error(JSON.stringify(data))
      const event = { id: 'x', source: 'x', type, category: 'market.candle.ACME', data }
      const archived = { topic: 'market-events', partition: 0, offset: 0, event }
      for (const period of candleHistoryView.keys?.(archived) ?? []) {
        const history = periods.get(period) ?? candleHistoryView.initial(period)
        periods.set(period, candleHistoryView.apply(history, archived, period))
      }
    }
  }
  return { state, periods }
}

describe('100,000 ticks, many of them late', () => {
  const ticks = makeTicks(100_000, createRandom(7).next)
  const inputs = ticks.map((tick, offset) => tickInput(tick, offset))

  it.each(Object.keys(INTERVALS) as Interval[])(
    'make the same %s candles as a naive recomputation, live and in history',
    (interval) => {
      const { state, periods } = foldWithHistory(inputs, interval)
      const expected = naiveCandles(ticks, INTERVALS[interval])
      const history = [...periods].flatMap(([key, period]) => present(period, key).candles)

      expect(state.bars).toHaveLength(Math.min(LIVE_CANDLES, expected.length))
      expect(present(state).candles).toEqual(expected.slice(-LIVE_CANDLES))
      // As text: comparing ten thousands of objects one by one takes longer than folding them.
      expect(JSON.stringify(joinCandles(history, present(state).candles))).toBe(JSON.stringify(expected))
      expect(Math.max(...[...periods.values()].map(({ bars }) => bars.length), 0)).toBeLessThanOrEqual(96)
      for (const [key, period] of periods)
        expect(candleHistoryKey('ACME', interval, (period.bars[0]?.[0] ?? 0) * MINUTE)).toBe(key)
      expect(Buffer.byteLength(JSON.stringify(state))).toBeLessThan(12_000)
    },
  )
})

describe('candles', () => {
  const tick = fc.record({
    at: fc.integer({ min: NOON, max: NOON + 130 * MINUTE }),
    price: fc.integer({ min: 1, max: 3_000_000 }).map((units) => units / 10_000),
    volume: fc.nat(1000),
  })

  it('are the same in whatever order the ticks arrive', () => {
    const ticks = fc.uniqueArray(tick, { maxLength: 300, selector: ({ at }) => at })
    const shuffled = ticks.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
    )
    fc.assert(
      fc.property(shuffled, ([one, other]) => {
        expect(foldTicks(one).bars).toEqual(foldTicks(other).bars)
      }),
    )
  })

  it('of several partitions merge to what one partition would have, in any grouping', () => {
    const few = fc.uniqueArray(tick, { maxLength: 60, selector: ({ at }) => at })
    const merge = (left: CandleState, right: CandleState) => candlesView.merge?.(left, right) ?? left
    fc.assert(
      fc.property(few, few, few, (a, b, c) => {
        const all = [...new Map([...a, ...b, ...c].map((one) => [one.at, one])).values()]
        const [x, y, z] = [0, 1, 2].map((part) => foldTicks(all.filter((_, index) => index % 3 === part)))
        if (!x || !y || !z) throw new Error('three parts')
        expect(merge(merge(x, y), z)).toEqual(merge(x, merge(y, z)))
        expect(merge(merge(x, y), z).bars.slice(-LIVE_CANDLES)).toEqual(foldTicks(all).bars)
      }),
      { numRuns: 50 },
    )
  })

  it('count a tick from before the live window as late, and hand it to the history', () => {
    const full = foldTicks(
      Array.from({ length: LIVE_CANDLES }, (_, n) => ({ at: NOON + n * MINUTE, price: 1, volume: 1 })),
    )
    const input = tickInput({ at: NOON - 1, price: 2.5, volume: 7 }, 1000)
    const after = candlesView.apply(full, input, 'ACME:1m')

    expect(after).toEqual({ bars: full.bars, late: 1 })
    expect(candlesView.emit?.(full, input, after, 'ACME:1m')).toEqual([
      {
        type: 'market.candle.archived',
        subject: 'ACME',
        data: {
          symbol: 'ACME',
          interval: '1m',
          open: 2.5,
          high: 2.5,
          low: 2.5,
          close: 2.5,
          volume: 7,
          begin: '2026-03-01T11:59:00.000Z',
          openedAt: '2026-03-01T11:59:59.999Z',
          closedAt: '2026-03-01T11:59:59.999Z',
        },
      },
    ])
  })

  it('share what has not changed: a tick makes one new bar', () => {
    const before = foldTicks([0, 1, 2].map((n) => ({ at: NOON + n * MINUTE, price: 1, volume: 1 })))
    const after = candlesView.apply(
      before,
      tickInput({ at: NOON + 2 * MINUTE, price: 2, volume: 1 }, 9),
      'ACME:1m',
    )

    expect(after.bars[0]).toBe(before.bars[0])
    expect(after.bars[1]).toBe(before.bars[1])
    expect(after.bars[2]).toEqual([NOON / MINUTE + 2, 10_000, 20_000, 10_000, 20_000, 2, 0, 0])
  })

  it('that no live window made are not taken into the history', () => {
    const candle = {
      symbol: 'ACME',
      interval: '5m',
      open: 1,
      high: 2,
      low: 1,
      close: 2,
      volume: 3,
      begin: '2026-03-01T12:05:00Z',
      openedAt: '2026-03-01T12:05:00Z',
      closedAt: '2026-03-01T12:09:59Z',
    }
    const keysOf = (wrong: object) =>
      candleHistoryView.keys?.({
        topic: 'market-events',
        partition: 0,
        offset: 0,
        event: {
          id: 'x',
          source: 'x',
          type: 'market.candle.archived',
          category: 'market.candle.ACME',
          data: { ...candle, ...wrong },
        },
      })

    expect(keysOf({})).toEqual(['ACME:5m:2026-03-01T12'])
    for (const wrong of [
      { begin: '2026-03-01T12:06:00Z', openedAt: '2026-03-01T12:06:00Z' },
      { openedAt: '2026-03-01T12:04:00Z' },
      { closedAt: '2026-03-01T12:10:00Z' },
      { closedAt: '2026-03-01T12:05:01Z', openedAt: '2026-03-01T12:05:02Z' },
      { interval: '2m' },
      { open: 1.00001 },
      { volume: 0.5 },
    ])
      expect(keysOf(wrong)).toEqual([])
  })

  it('have the keys of their symbol, in UTC', () => {
    const input = tickInput({ at: NOON, price: 1, volume: 1 }, 0)

    expect(candlesView.keys?.(input)).toEqual(
      ['1m', '5m', '15m', '1h', '4h', '1d'].map((name) => `ACME:${name}`),
    )
    expect(candlesView.channelsOf?.('ACME:5m')).toEqual(['market.tick.ACME'])
    expect(candleHistoryView.channelsOf?.('ACME:1m:2026-03-01T12')).toEqual(['market.candle.ACME'])
    expect(candleHistoryKey('ACME', '1m', NOON + 59 * MINUTE)).toBe('ACME:1m:2026-03-01T12')
    expect(candleHistoryKey('ACME', '15m', NOON)).toBe('ACME:15m:2026-03-01T00')
  })
})
