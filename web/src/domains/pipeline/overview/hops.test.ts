import { expect, test } from 'vitest'
import { HOPS } from '#shared/pipeline/telemetry/hops.ts'
import { rememberMedians, sayHop, sayMs } from './hops.ts'

test('every hop has a name of its own', () => {
  const names = HOPS.map(sayHop)

  expect(new Set(names).size).toBe(HOPS.length)
  for (const name of names) expect(name).toContain('→')
  expect(sayHop('some_other')).toBe('some other')
})

test('latencies have as many digits as are known', () => {
  expect([null, 0.42, 9.51, 10.4, 1234.5].map(sayMs)).toEqual(['–', '0.4', '9.5', '10', '1235'])
})

test('the last 40 medians of a hop are remembered, and a moment without any changes nothing', () => {
  const hop = (p50: number | null) => [{ hop: 'fold_lag', count: 1, p50, p95: p50, p99: p50 }]
  let medians: ReadonlyMap<string, readonly number[]> = new Map()
  for (let value = 0; value < 50; value++) medians = rememberMedians(medians, hop(value))
  medians = rememberMedians(medians, hop(null))

  expect(medians.get('fold_lag')?.length).toBe(40)
  expect(medians.get('fold_lag')?.at(-1)).toBe(49)
})
