import { describe, expect, it } from 'vitest'
import {
  directionOf,
  percentOf,
  readPrice,
  sayAmount,
  sayChange,
  sayPercent,
  sayPrice,
  saySigned,
} from './money-text.ts'

describe('money as people read it', () => {
  it('keeps every digit of an amount that no float could hold', () => {
    expect(sayAmount('90071992547409931.1250')).toBe('90,071,992,547,409,931.1250')
  })

  it('writes two decimals where the others are zero, and a true minus', () => {
    expect([sayAmount('1013.7000'), sayAmount('-1013.7000'), sayAmount('0.0001')]).toEqual([
      '1,013.70',
      '−1,013.70',
      '0.0001',
    ])
  })

  it('gives gains their sign, and nothing to nothing', () => {
    expect([saySigned('12.5000'), saySigned('-0.0100'), saySigned('0.0000')]).toEqual([
      '+12.50',
      '−0.01',
      '0.00',
    ])
  })

  it('writes prices and their changes to the last of four decimals', () => {
    expect([sayPrice(1040.15), sayPrice(0.0003), sayPrice(null)]).toEqual(['1,040.15', '0.0003', '—'])
    expect([sayChange(0.3), sayChange(-0.1234), sayChange(0)]).toEqual(['+0.30', '−0.1234', '0.00'])
  })

  it('says no sign for a percentage that rounds to zero', () => {
    expect([sayPercent(1.234), sayPercent(-0.001), sayPercent(-3)]).toEqual(['+1.23 %', '0.00 %', '−3.00 %'])
  })

  it('knows parts of a whole and their direction', () => {
    expect([percentOf('25.0000', '200.0000'), percentOf('1.0000', '0.0000')]).toEqual([12.5, null])
    expect([directionOf('-0.0001'), directionOf('3.0000'), directionOf(0)]).toEqual(['down', 'up', 'flat'])
  })

  it('reads a price exactly', () => {
    expect([readPrice('0.0003'), readPrice('1040.15'), readPrice('7')]).toEqual([0.0003, 1040.15, 7])
  })
})
