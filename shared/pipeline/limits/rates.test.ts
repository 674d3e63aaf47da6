import { expect, test } from 'vitest'
import { DEFAULT_RATES, parseRates } from './rates.ts'

test('what is not named keeps its default', () => {
  expect(parseRates('')).toEqual(DEFAULT_RATES)
  expect(parseRates('read=7, failures=0')).toEqual({ ...DEFAULT_RATES, read: 7, failures: 0 })
})

test('off limits nothing', () => {
  expect(new Set(Object.values(parseRates('off')))).toEqual(new Set([0]))
})

test.each(['read', 'read=', 'read=-1', 'read=1.5', 'reads=1', 'read=9999999', 'toString=1', '200'])(
  '%s is no rate',
  (text) => {
    expect(() => parseRates(text)).toThrow(`"${text}" is not a rate such as read=100`)
  },
)
