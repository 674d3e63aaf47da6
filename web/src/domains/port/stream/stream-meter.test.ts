import { expect, test } from 'vitest'
import { createStreamMeter } from './stream-meter.ts'

test('counts events by the second; the second that is not over does not count yet', () => {
  const meter = createStreamMeter()
  for (const at of [1000, 1500, 2100, 2999, 3000]) meter.count(at)
  const { perSecond, seconds, total } = meter.metrics(3500)
  expect([perSecond, seconds.slice(-2), total]).toEqual([2, [2, 2], 5])
})

test('reports how long each hop took, and all of them together', () => {
  const meter = createStreamMeter()
  for (let n = 1; n <= 100; n++) meter.frame([{ written: n, at: 0 }], 5, 15)
  expect(meter.metrics(0)).toMatchObject({
    written: { p50: 51, p95: 96, p99: 100 },
    buffered: { p50: 5, p95: 5 },
    painted: { p50: 10 },
    whole: { p50: 66, p95: 111 },
  })
})

test('leaves out what was written long ago, and says nothing without samples', () => {
  const meter = createStreamMeter()
  meter.frame(
    [
      { written: 61_000, at: 61_000 },
      { written: Number.NaN, at: 5 },
    ],
    70_000,
    70_001,
  )
  expect(meter.metrics(0).whole).toBeNull()
})

test('counts on when the time of day is set back or ahead, and keeps two minutes', () => {
  const meter = createStreamMeter()
  const hour = 3_600_000
  for (const begin of [2 * hour, hour, 3 * hour, 0])
    for (let second = 0; second < 1000; second++) meter.count(begin + 1000 * second)
  expect(meter.metrics(1_000_000).perSecond).toBe(1)
  expect(meter.size()).toBeLessThanOrEqual(126)
})
