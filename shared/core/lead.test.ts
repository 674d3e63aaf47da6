import { expect, test } from 'vitest'
import { isAhead, MAX_LEAD_SECONDS } from './lead.ts'

const LOGGED = Date.parse('2026-11-27T10:00:00Z')
const at = (time: string | undefined, source = '/clock') => ({ source, ...(time !== undefined && { time }) })

test.each([
  ['of the same moment', '2026-11-27T10:00:00Z', false],
  ['of the past', '1970-01-01T00:00:00Z', false],
  ['five minutes ahead', '2026-11-27T10:05:00Z', false],
  ['a millisecond further ahead', '2026-11-27T10:05:00.001Z', true],
  ['an hour ahead', '2026-11-27T11:00:00Z', true],
  ['an hour ahead as it is written, but not in UTC', '2026-11-27T11:00:00+01:00', false],
  ['of 2099', '2099-01-01T00:00:00Z', true],
  ['of the last second of 9999', '9999-12-31T23:59:60Z', true],
  ['without a time', undefined, false],
])('an event %s is judged by the time of its record', (_, time, expected) => {
  expect(isAhead(at(time), LOGGED, MAX_LEAD_SECONDS)).toBe(expected)
})

test('a domain sets another bound, or none', () => {
  const event = at('2026-11-27T10:00:11Z')
  expect(isAhead(event, LOGGED, 10)).toBe(true)
  expect(isAhead(event, LOGGED, 11)).toBe(false)
  expect(isAhead(at('9999-01-01T00:00:00Z'), LOGGED, Number.POSITIVE_INFINITY)).toBe(false)
})

test('what follows from an event is not judged again, and nothing by a record without a timestamp', () => {
  expect(isAhead(at('2099-01-01T00:00:00Z', 'urn:tidewire:fold:sensors/sensors'), LOGGED, 300)).toBe(false)
  expect(isAhead(at('2099-01-01T00:00:00Z', 'urn:tidewire:api'), LOGGED, 300)).toBe(true)
  expect(isAhead(at('2026-11-27T10:00:00Z'), -1, 300)).toBe(false)
})
