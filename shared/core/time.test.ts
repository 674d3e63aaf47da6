import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isTimestamp, parseTimestamp, timestampProblem, toUtc } from './time.ts'

describe('a time of the field is read right', () => {
  test.each([
    ['a leap second', '2016-12-31T23:59:60Z', '2016-12-31T23:59:59.000Z'],
    ['one with a fraction', '2016-12-31T23:59:60.75Z', '2016-12-31T23:59:59.750Z'],
    ['one in lower case', '2016-12-31t23:59:60z', '2016-12-31T23:59:59.000Z'],
    ['one east of Greenwich', '2017-01-01T00:59:60+01:00', '2016-12-31T23:59:59.000Z'],
    ['one west of it', '2016-12-31T15:59:60.5-08:00', '2016-12-31T23:59:59.500Z'],
    ['one with half an hour', '2017-01-01T05:29:60+05:30', '2016-12-31T23:59:59.000Z'],
    ['lower case', '2026-11-27t10:00:00.5z', '2026-11-27T10:00:00.500Z'],
    ['lower case with an offset', '2026-11-27t10:00:00+01:00', '2026-11-27T09:00:00.000Z'],
    ['nanoseconds', '2026-11-27T10:00:00.123456789Z', '2026-11-27T10:00:00.123Z'],
    ['more than nanoseconds', `2026-11-27T10:00:00.${'9'.repeat(60)}Z`, '2026-11-27T10:00:00.999Z'],
    ['an unknown local offset', '2026-11-27T10:00:00-00:00', '2026-11-27T10:00:00.000Z'],
    ['the largest offset', '2026-11-27T10:00:00+23:59', '2026-11-26T10:01:00.000Z'],
    ['the year 0000', '0000-02-29T00:00:00Z', '0000-02-29T00:00:00.000Z'],
    ['the year 9999', '9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
    ['the last second of 9999', '9999-12-31T23:59:60Z', '9999-12-31T23:59:59.000Z'],
    ['a leap day', '2028-02-29T12:00:00Z', '2028-02-29T12:00:00.000Z'],
  ])('%s: %s', (_, text, read) => {
    expect(toUtc(text)).toBe(read)
    expect(timestampProblem(text)).toBeNull()
  })
})

describe('a time that is none is refused with the reason', () => {
  test.each([
    ['2026-11-27T24:00:00Z', 'write 00:00:00 of the next day'],
    ['2026-11-27T25:00:00Z', 'there is no such time of day'],
    ['2026-11-27T10:61:00Z', 'there is no such time of day'],
    ['2026-11-27T10:00Z', 'it has no seconds'],
    ['2026-11-27T10:00', 'it has no seconds'],
    ['2026-11-27T10:00:00', 'it has no zone'],
    ['2026-11-27T10:00:00.5', 'it has no zone'],
    ['2026-11-27T10:00:00,5Z', 'write a dot instead of the comma'],
    ['2026-11-27 10:00:00Z', 'write "T" instead of the space'],
    ['2026-11-27T10:00:00 01:00', 'in a query string "+" is "%2B"'],
    ['2026-11-27T10:00:00+0100', 'its zone is not "Z" or an offset'],
    ['2026-11-27T10:00:00+01', 'its zone is not "Z" or an offset'],
    ['2026-11-27T10:00:00+24:00', 'its zone is not "Z" or an offset'],
    ['2026-11-27T10:00:00 Z', 'its zone is not "Z" or an offset'],
    ['2026-11-27', 'it has no time of day'],
    ['2026-02-29T10:00:00Z', 'there is no such day'],
    ['2026-13-01T10:00:00Z', 'there is no such day'],
    ['2026-06-30T12:00:60Z', 'only in the last minute'],
    ['2016-12-31T23:59:60+01:00', 'only in the last minute'],
    ['2016-12-31T23:59:61Z', 'there is no such time of day'],
    ['0000-01-01T00:00:00+01:00', 'not from 0000 to 9999'],
    ['9999-12-31T23:59:59-00:01', 'not from 0000 to 9999'],
    ['2026-11-27T10:00:00.Z', 'not written as one'],
    ['20261127T100000Z', 'not written as one'],
    ['+002026-11-27T10:00:00Z', 'not written as one'],
    ['1795773600', 'not written as one'],
    ['', 'not written as one'],
    ['2026-11-27T10:00:00Z\n', 'not written as one'],
  ])('%j: %s', (text, reason) => {
    expect(timestampProblem(text)).toContain(reason)
    expect(parseTimestamp(text)).toBeNull()
  })
})

test('what is accepted is always read, and as a time with four digits of the year', () => {
  const two = (max: number) => fc.nat(max).map((number) => String(number).padStart(2, '0'))
  const time = fc
    .tuple(fc.nat(9999), two(13), two(32), two(24), two(60), two(61), fc.constantFrom('', '.5', '.123456789'))
    .map(([year, month, day, ...time]) => {
      const [hour, minute, second, fraction] = time
      return `${String(year).padStart(4, '0')}-${month}-${day}T${hour}:${minute}:${second}${fraction}`
    })
  const zone = fc.constantFrom('Z', 'z', '+01:00', '-23:59', '+23:59', '', '+0100')
  fc.assert(
    fc.property(time, zone, (text, offset) => {
      const read = toUtc(text + offset)
      expect(read !== null).toBe(isTimestamp(text + offset))
      if (read !== null) expect(read).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
      expect(timestampProblem(text + offset) === null).toBe(read !== null)
    }),
  )
})
