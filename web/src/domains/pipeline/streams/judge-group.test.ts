import { describe, expect, it } from 'vitest'
import { judgeGroup, type LagSample } from './judge-group.ts'

const at = (seconds: number, lag: number, lagMs: number | null): LagSample => ({
  at: seconds * 1000,
  lag,
  lagMs,
})

describe('a group is judged', () => {
  it('normal without a lag, or with one of less than ten seconds', () => {
    expect(judgeGroup([])).toBe('normal')
    expect(judgeGroup([at(0, 0, 0)])).toBe('normal')
    expect(judgeGroup([at(0, 500, 9000)])).toBe('normal')
  })

  it('lagging if its oldest record waits for ten seconds, and the lag does not fall', () => {
    expect(judgeGroup([at(0, 5, 10_000)])).toBe('lagging')
    expect(judgeGroup([at(0, 5, null)])).toBe('lagging')
    expect(judgeGroup([at(0, 5, 10_000), at(2, 5, 12_000), at(4, 9, 14_000)])).toBe('lagging')
  })

  it('recovering while the lag falls', () => {
    expect(judgeGroup([at(0, 90, 60_000), at(2, 60, 50_000), at(4, 30, 40_000)])).toBe('recovering')
  })

  it('lagging again if it falls no more', () => {
    const stuck = [90, 30, 30, 30, 30].map((lag, index) => at(index * 2, lag, 40_000))
    expect(judgeGroup(stuck)).toBe('lagging')
  })

  it('recovered for a minute after it was behind', () => {
    expect(judgeGroup([at(0, 90, 60_000), at(2, 0, 0)])).toBe('recovered')
    expect(judgeGroup([at(0, 90, 60_000), at(61, 0, 0)])).toBe('normal')
  })
})
