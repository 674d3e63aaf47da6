import { describe, expect, it } from 'vitest'
import type { Bucket } from '#shared/domain/sensors/readings.ts'
import { formatValue, healthOf, seriesOf, silenceAfter } from './readings.ts'

const every = (seconds: number, count: number): Bucket[] =>
  Array.from({ length: count }, (_, n) => [1000 + n * seconds, 1, 2150, n % 2, n % 2 === 0 ? 0 : 6300])

describe('a formatted reading', () => {
  it('has one decimal, its unit, and a true minus', () => {
    expect([
      formatValue(21.44, 'temperature'),
      formatValue(-3, 'temperature'),
      formatValue(63, 'humidity'),
    ]).toEqual(['21.4 °C', '−3.0 °C', '63.0 %'])
    expect(formatValue(null, 'humidity')).toBe('—')
  })

  it('leaves out of a series what was not measured', () => {
    expect(seriesOf(every(2, 4), 'temperature')).toEqual([21.5, 21.5, 21.5, 21.5])
    expect(seriesOf(every(2, 4), 'humidity')).toEqual([63, 63])
  })
})

describe('the silence of a sensor', () => {
  it('begins after five missed readings at its usual interval, but not before 15 s', () => {
    expect(silenceAfter(every(2, 20))).toBe(15_000)
    expect(silenceAfter(every(10, 20))).toBe(50_000)
    expect(silenceAfter(every(60, 1))).toBe(900_000)
  })

  it('hides the last status of the sensor', () => {
    const reported = { latest: 100_000, window: every(2, 20) }
    expect(healthOf(reported, 'hot', 110_000)).toBe('hot')
    expect(healthOf(reported, 'hot', 115_001)).toBe('silent')
    expect(healthOf({ latest: null, window: [] }, 'ok', 0)).toBe('silent')
  })
})
