import { describe, expect, it } from 'vitest'
import { INTERVAL_NAMES } from '../market-address.ts'
import { periodAt, readPeriod, writePeriod } from './periods.ts'

const NOW = Date.parse('2026-03-01T10:20:30Z')

describe('periods of candle history', () => {
  it('follow each other without a gap, at every interval', () => {
    for (const interval of INTERVAL_NAMES) {
      const period = periodAt('ACME', interval, NOW)
      expect(period.begin).toBeLessThanOrEqual(NOW)
      expect(period.end).toBeGreaterThan(NOW)
      expect(periodAt('ACME', interval, period.begin - 1).end).toBe(period.begin)
      expect(periodAt('ACME', interval, period.end - 1)).toEqual(period)
    }
  })

  it('have the key of the view', () => {
    expect(periodAt('ACME', '1m', NOW).key).toBe('ACME:1m:2026-03-01T10')
  })

  it('are the same after a way through the address', () => {
    for (const interval of INTERVAL_NAMES) {
      const { begin } = periodAt('ACME', interval, NOW)
      expect(readPeriod(writePeriod(begin), NOW)).toBe(begin)
    }
  })

  it.each([undefined, '', 'soon', '2026-03-01', '2999-01-01T00', '2026-13-01T00'])(
    'are the present for "%s"',
    (text) => {
      expect(readPeriod(text, NOW)).toBe(NOW)
    },
  )
})
