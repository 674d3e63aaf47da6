import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TEST_SEED } from '#shared/testing/test-seed.ts'
import { addNumbers, canonicalNumber, compareNumbers, negateNumber, sortableNumber } from './decimal.ts'

/** A number as a whole number of 10^-scale, and one of its many texts. */
const decimal = fc
  .record({
    digits: fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }),
    exponent: fc.integer({ min: -9, max: 9 }),
    zeros: fc.integer({ min: 0, max: 2 }),
  })
  .map(({ digits, exponent, zeros }) => ({
    text: `${digits < 0n ? '-' : ''}${'0'.repeat(zeros)}${digits < 0n ? -digits : digits}.${'0'.repeat(zeros)}e${exponent}`,
    scaled: digits * 10n ** BigInt(exponent + 9),
  }))

describe('numbers', () => {
  test.each([
    ['1.50', '1.5'],
    ['1e3', '1000'],
    ['-0', '0'],
    ['0.000', '0'],
    ['007', '7'],
    ['+5', '5'],
    ['.5', '0.5'],
    ['5.', '5'],
    ['-1.20E-3', '-0.0012'],
    ['9007199254740993', '9007199254740993'],
    ['12345678901234567890.123456789', '12345678901234567890.123456789'],
  ])('%s is kept as %s', (text, canonical) => {
    expect(canonicalNumber(text)).toBe(canonical)
    expect(canonicalNumber(canonical)).toBe(canonical)
  })

  test.each([
    ['', 'cannot be converted to a numeric value'],
    ['.', 'cannot be converted to a numeric value'],
    ['1,5', 'cannot be converted to a numeric value: 1,5'],
    ['NaN', 'cannot be converted to a numeric value: NaN'],
    ['1e126', 'Number overflow'],
    ['1e-131', 'Number underflow'],
    ['1'.repeat(39), 'more than 38 significant digits'],
  ])('%s is refused', (text, reason) => {
    expect(() => canonicalNumber(text)).toThrow(reason)
  })

  test('the largest and the smallest are kept', () => {
    const nines = '9'.repeat(38)
    expect(canonicalNumber(`${nines}e88`)).toBe(nines + '0'.repeat(88))
    expect(canonicalNumber('1e-130')).toBe(`0.${'0'.repeat(129)}1`)
  })

  test('a sum of more than 38 digits is refused', () => {
    expect(() => addNumbers('9'.repeat(38), '0.1')).toThrow('more than 38 significant digits')
  })

  test(`compare, sort as text and add as whole numbers do, from seed ${TEST_SEED}`, () => {
    const property = fc.property(decimal, decimal, (a, b) => {
      const [left, right] = [canonicalNumber(a.text), canonicalNumber(b.text)]
      const expected = a.scaled < b.scaled ? -1 : Number(a.scaled > b.scaled)

      expect(Math.sign(compareNumbers(left, right))).toBe(expected)
      const [leftText, rightText] = [sortableNumber(left), sortableNumber(right)]
      expect(leftText < rightText ? -1 : Number(leftText > rightText)).toBe(expected)
      expect(addNumbers(left, right)).toBe(canonicalNumber(`${a.scaled + b.scaled}e-9`))
      expect(addNumbers(left, negateNumber(left))).toBe('0')
    })
    fc.assert(property, { numRuns: 2000 })
  })
})
