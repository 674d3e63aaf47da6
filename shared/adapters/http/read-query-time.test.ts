import { expect, test } from 'vitest'
import { readQueryTime } from './read-query-time.ts'

test.each([
  ['2026-11-27T10:00:00Z', '2026-11-27T10:00:00Z'],
  ['2026-11-27T10:00:00+01:00', '2026-11-27T09:00:00Z'],
  ['2026-11-27T10:00:00 01:00', '2026-11-27T09:00:00Z'],
  ['2026-11-27t10:00:00.5 05:30', '2026-11-27T04:30:00.5Z'],
  ['2026-11-27T10:00:00-01:00', '2026-11-27T11:00:00Z'],
  ['2017-01-01T00:59:60 01:00', '2016-12-31T23:59:59Z'],
])('%j of a query is read as %s', (text, meant) => {
  expect(readQueryTime(text)).toBe(Date.parse(meant))
})

test.each([
  ['2026-11-27 10:00:00Z', 'write "T" instead of the space'],
  ['2026-11-27T10:00:00', 'it has no zone'],
  ['2026-11-27T10:00 01:00', 'it has no seconds'],
  ['2026-11-27', 'it has no time of day'],
  ['yesterday', 'such as 2026-03-01T12:00:00Z'],
])('%j of a query is refused with the reason', (text, reason) => {
  expect(readQueryTime(text)).toContain(reason)
})
