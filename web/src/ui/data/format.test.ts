import { expect, test } from 'vitest'
import { describeAge, formatMoment, formatTime, instantOf } from './format.ts'

test('times are shown in UTC on request, and with their date where there is room', () => {
  expect(formatTime('2026-03-01T23:04:05Z', 'utc')).toBe('23:04:05')
  expect(formatTime('2026-03-02T00:04:05+01:00', 'utc', 'full')).toBe('Mar 01, 2026, 23:04:05 UTC')
})

test('a time of another day says which, and begins to at midnight of its zone', () => {
  const at = '2026-03-01T23:04:05Z'
  expect(formatMoment(at, 'utc', Date.parse('2026-03-01T23:59:59Z'))).toBe('23:04:05')
  expect(formatMoment(at, 'utc', Date.parse('2026-03-02T00:00:00Z'))).toBe('Mar 01, 23:04')
  expect(formatMoment(at, 'utc', Date.parse('2027-03-01T23:59:59Z'))).toBe('Mar 01, 2026')
  expect(formatMoment('never', 'utc', 0)).toBe('—')
})

test('a value that is not a time is a dash', () => {
  expect(formatTime(undefined, 'local')).toBe('—')
  expect(formatTime('yesterday', 'utc')).toBe('—')
})

test.each([
  [400, 'just now'],
  [1000, '1 s ago'],
  [59_999, '59 s ago'],
  [60_000, '1 min ago'],
  [3_600_000, '1 h ago'],
  [72 * 3_600_000, '3 days ago'],
])('an age of %d ms is "%s"', (ms, words) => expect(describeAge(ms)).toBe(words))

test('a leap second is shown as the second before it, in lower case too', () => {
  for (const text of ['2016-12-31T23:59:60Z', '2016-12-31t23:59:60z', '2017-01-01T00:59:60+01:00'])
    expect(formatTime(text, 'utc')).toBe('23:59:59')
  expect(instantOf('2016-12-31T23:59:60.5Z')).toBe(Date.parse('2016-12-31T23:59:59.5Z'))
  expect(instantOf('never')).toBeNaN()
})
