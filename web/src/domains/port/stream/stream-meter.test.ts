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
  for (let n = 1; n <= 100; n++) meter.frame([{ time: 0, at: n }], n + 5, n + 15)
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
      { time: 0, at: 61_000 },
      { time: Number.NaN, at: 5 },
    ],
    70_000,
    70_001,
  )
  expect(meter.metrics(0).whole).toBeNull()
})
