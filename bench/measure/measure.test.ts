import { describe, expect, it } from 'vitest'
import { median, quantile, round, spread } from './measure.ts'

describe('quantile', () => {
  it('is the value below which that part of the values lies, in whatever order they come', () => {
    const values = [5, 1, 4, 2, 3, 10, 9, 8, 7, 6]
    expect(quantile(values, 0)).toBe(1)
    expect(quantile(values, 0.5)).toBe(6)
    expect(quantile(values, 0.9)).toBe(10)
    expect(quantile(values, 1)).toBe(10)
    expect(values[0]).toBe(5)
  })

  it('compares numbers as numbers', () => {
    expect(quantile([100, 20, 3], 0.5)).toBe(20)
  })

  it('is 0 of no values', () => {
    expect(quantile([], 0.99)).toBe(0)
    expect(median([])).toBe(0)
  })
})

describe('spread', () => {
  it('is the median with the least and the greatest of the rounds', () => {
    expect(spread([3, 1, 2])).toBe('2 (1–3)')
  })

  it('is the value alone of one round', () => {
    expect(spread([2.3456])).toBe('2.35')
  })
})

it('round keeps three significant figures', () => {
  expect([0.012345, 1.2345, 12_345].map(round)).toEqual([0.0123, 1.23, 12_300])
})
