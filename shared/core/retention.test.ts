import { describe, expect, test } from 'vitest'
import { formatDuration, graceOf, parseRetention, storedFor } from './retention.ts'

const DAY = 86_400
const HOUR = 3600

describe('a retention', () => {
  test.each([
    ['7d', 7 * DAY],
    ['12h', 12 * HOUR],
    ['30m', 1800],
    ['90s', 90],
    ['1m', 60],
    ['3650d', 3650 * DAY],
  ])('of one duration holds for every topic: %s', (text, seconds) => {
    const { ofTopic, named } = parseRetention(text)

    expect(ofTopic('anything')).toBe(seconds)
    expect(named).toEqual({ topics: [], views: [] })
  })

  test('has a default, and durations of its own for topics and views', () => {
    const { ofTopic, ofView, named } = parseRetention('7d, market-ticks=2d,port/cases=90d')

    expect([ofTopic('events'), ofTopic('market-ticks'), ofTopic('port/cases')]).toEqual([
      7 * DAY,
      2 * DAY,
      90 * DAY,
    ])
    expect([ofView('port/cases'), ofView('port/berths')]).toEqual([90 * DAY, undefined])
    expect(named).toEqual({ topics: ['market-ticks'], views: ['port/cases'] })
  })

  test('keeps claims longer than the event that is kept longest', () => {
    expect(parseRetention('7d').claims).toBe(7 * DAY + 2 * HOUR)
    expect(parseRetention('7d,a=30d,b=1h,c/view=90d').claims).toBe(30 * DAY + 2 * HOUR)
    expect(parseRetention('7d,a=1h').claims).toBe(7 * DAY + 2 * HOUR)
    expect(parseRetention('5m').claims).toBe(600)
  })

  test.each([
    ['7d', 90 * DAY],
    ['5m', 90 * DAY],
    ['180d', 180 * DAY],
    ['180d,tidewire-audit=1d', DAY],
    ['7d,tidewire-audit=365d', 365 * DAY],
  ])('keeps the audit trail for 90 days at least, unless it names its topic: %s', (text, seconds) => {
    expect(parseRetention(text).ofTopic('tidewire-audit')).toBe(seconds)
  })

  test.each(['7d', '7d,tidewire-audit=365d', '7d,tidewire-audit=1d'])(
    'keeps no claim for the sake of the audit trail: %s',
    (text) => {
      expect(parseRetention(text)).toMatchObject({ longest: 7 * DAY, claims: 7 * DAY + 2 * HOUR })
    },
  )

  test.each([
    ['', '"" has no duration'],
    ['7', '"7" has no duration of a whole number and a unit: d, h, m or s'],
    ['1.5d', '"1.5d" has no duration'],
    ['-7d', '"-7d" has no duration'],
    ['7 days', '"7 days" has no duration'],
    ['59s', '59s is less than 1m'],
    ['0d', '0d is less than 1m'],
    ['3651d', '3651d is more than 3650d (ten years)'],
    ['7d,', '"" is not "<topic>=<duration>"'],
    ['7d,2d', '"2d" is not "<topic>=<duration>"'],
    ['7d,=2d', '"=2d" is not "<topic>=<duration>"'],
    ['7d,a/b/c=2d', '"a/b/c=2d" is not'],
    ['7d,a=', '"a=" has no duration'],
    ['7d,a=2d,a=3d', 'a is set twice'],
    ['market-ticks=2d', '"market-ticks=2d" has no duration'],
  ])('that cannot be read is refused with the reason: %j', (text, reason) => {
    expect(() => parseRetention(text)).toThrow(reason)
    expect(() => parseRetention(text)).toThrow(
      'is not a retention such as "7d" or "7d,market-ticks=2d,port/cases=90d"',
    )
  })

  test('is refused with everything that is wrong at once', () => {
    expect(() => parseRetention('7x,a=1s,b')).toThrow(/7x.*a=1s is less than 1m.*"b" is not/)
  })
})

describe('the grace', () => {
  test('is two hours, or the retention if that is shorter', () => {
    expect([graceOf(7 * DAY), graceOf(HOUR), graceOf(60)]).toEqual([2 * HOUR, HOUR, 60])
    expect([storedFor(DAY), storedFor(60)]).toEqual([DAY + 2 * HOUR, 120])
  })
})

test.each([
  [7 * DAY, '7d'],
  [36 * HOUR, '36h'],
  [90, '90s'],
  [600, '10m'],
])('%d seconds are written as %s', (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text)
})
