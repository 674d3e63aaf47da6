import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addHistograms, bucketOf, countOf, type Histogram, percentile } from './histogram.ts'

function histogramOf(latencies: readonly number[]): Histogram {
  return addHistograms(latencies.map((ms) => [...Array(bucketOf(ms)).fill(0), 1]))
}

const latencies = fc.array(fc.double({ min: 0.11, max: 80_000, noNaN: true }), { minLength: 1 })

test('a percentile is at most a fifth above the latency that has it, and never below it', () => {
  fc.assert(
    fc.property(latencies, fc.constantFrom(0.5, 0.95, 0.99, 1), (all, share) => {
      const exact = all.toSorted((a, b) => a - b)[Math.ceil(all.length * share) - 1] ?? 0
      const estimate = percentile(histogramOf(all), share) ?? 0

      expect(estimate).toBeGreaterThan(exact * 0.99)
      expect(estimate).toBeLessThan(exact * 1.2)
    }),
  )
})

test('histograms of parts add up to that of the whole', () => {
  fc.assert(
    fc.property(latencies, latencies, (one, other) => {
      expect(addHistograms([histogramOf(one), histogramOf(other)])).toEqual(histogramOf([...one, ...other]))
    }),
  )
})

test('what is no time, or longer than the last bucket, is counted at the ends', () => {
  const histogram = histogramOf([-5, 0, Number.NaN, 1e9])

  expect(countOf(histogram)).toBe(4)
  expect(percentile(histogram, 0.5)).toBe(0.1)
  expect(percentile(histogram, 1)).toBeGreaterThan(100_000)
})

test('a histogram without latencies has no percentile', () => {
  expect(percentile([], 0.5)).toBeNull()
})
