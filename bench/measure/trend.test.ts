import { describe, expect, it } from 'vitest'
import { trendOf } from './trend.ts'

describe('trendOf', () => {
  it('is the slope of a straight line, and its change as a part of the average', () => {
    const trend = trendOf([
      [4, 140],
      [0, 100],
      [2, 120],
    ])
    expect(trend).toEqual({ mean: 120, slope: 10, change: 40 / 120 })
  })

  it('is flat for a saw whose teeth are alike', () => {
    const saw = Array.from({ length: 100 }, (_, x) => [x, 50 + (x % 4 === 0 ? 10 : 0)] as const)
    expect(Math.abs(trendOf(saw)?.change ?? 1)).toBeLessThan(0.01)
  })

  it('is flat, not undefined, where every value is 0', () => {
    expect(trendOf([[0, 0] as const, [1, 0] as const])).toEqual({ mean: 0, slope: 0, change: 0 })
  })

  it('leaves out what was not measured', () => {
    expect(trendOf([[0, 1] as const, [1, Number.NaN] as const, [2, 3] as const])?.slope).toBe(1)
  })

  it('is null where there is no line', () => {
    expect(trendOf([])).toBeNull()
    expect(trendOf([[1, 5] as const, [1, 6] as const])).toBeNull()
  })
})
