import fc from 'fast-check'
import { expect, it } from 'vitest'
import { divideMoney, priceNumber, priceUnits, readMoney, sayMoney, writeMoney } from './money.ts'

it('a price with up to four decimals is exact, whatever it is', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000_000_000_000 }), (units) => {
      const text = writeMoney(BigInt(units))
      expect(priceUnits(Number(text))).toBe(units)
      expect(priceNumber(units)).toBe(Number(text))
      expect(readMoney(text)).toBe(BigInt(units))
    }),
  )
})

it.each([0, -1, 1.00001, 0.00001, 1_000_000_001, Number.NaN, Number.POSITIVE_INFINITY, '1', null, undefined])(
  '%s is no price',
  (price) => {
    expect(priceUnits(price)).toBeNull()
  },
)

it.each([
  [0n, '0.0000', '0.00'],
  [-1n, '-0.0001', '-0.0001'],
  [12_345_678_000n, '1234567.8000', '1,234,567.80'],
  [-10_001_234n, '-1000.1234', '-1,000.1234'],
])('%s is written %s and said %s', (units, written, said) => {
  expect(writeMoney(units)).toBe(written)
  expect(sayMoney(units)).toBe(said)
})

it.each([
  [10n, 4n, 3n],
  [-10n, 4n, -3n],
  [9n, 4n, 2n],
  [11n, 3n, 4n],
])('%s divided by %s is %s, to the nearest', (units, by, quotient) => {
  expect(divideMoney(units, by)).toBe(quotient)
})

it('text that is not money is 0', () => {
  expect(['1', '1.00', 'x', '1.00000', ''].map(readMoney)).toEqual([0n, 0n, 0n, 0n, 0n])
})
