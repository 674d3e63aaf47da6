import { describe, expect, it } from 'vitest'
import { sayCoefficient, sayCorrelation, sayRatio } from './say-volume.ts'

describe('volume in words', () => {
  it('says which way volume goes with prices, and how clearly', () => {
    expect([0.9, 0.5, 0.3, 0.1, -0.1, -0.45, -1, null].map(sayCorrelation)).toEqual([
      'Volume grows strongly with rising prices',
      'Volume grows clearly with rising prices',
      'Volume grows weakly with rising prices',
      'Price and volume have little to do with each other',
      'Price and volume have little to do with each other',
      'Volume grows clearly with falling prices',
      'Volume grows strongly with falling prices',
      'Too few minutes to tell',
    ])
  })

  it('writes numbers with two decimals, and a dash for none', () => {
    expect([sayRatio(1.8), sayRatio(null)]).toEqual(['1.80 × average', '—'])
    expect([0.456, -0.2, 0.001, null].map(sayCoefficient)).toEqual(['+0.46', '−0.20', '0.00', '—'])
  })
})
