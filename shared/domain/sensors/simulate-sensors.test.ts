import { describe, expect, it } from 'vitest'
import { takeSimulated } from '#shared/testing/domain/take-simulated.ts'
import { PLACES } from './readings.ts'
import { sensors } from './sensors.ts'

const MIDNIGHT = Date.parse('2026-03-01T00:00:00Z')
type Data = { readonly sensorId: string; readonly temperature: number; readonly humidity: number }
const dataOf = (seed: number, count: number, begin = MIDNIGHT) =>
  takeSimulated(sensors, seed, count, begin).map(({ event }) => event.data as Data)

describe('the simulated sensors', () => {
  it('say the same for the same seed and beginning, and something else otherwise', () => {
    expect(dataOf(1, 1000)).toEqual(dataOf(1, 1000))
    expect(dataOf(2, 1000)).not.toEqual(dataOf(1, 1000))
    expect(dataOf(1, 1000, MIDNIGHT + 3_600_000)).not.toEqual(dataOf(1, 1000))
  })

  it('report every 2 seconds, five of them, with data that the catalog takes', () => {
    const events = takeSimulated(sensors, 3, 5000, MIDNIGHT)

    expect(events.reduce((sum, { waitMs }) => sum + waitMs, 0)).toBe(1000 * 2000)
    for (const [n, { event }] of events.entries()) {
      expect(event.subject).toBe(PLACES[n % 5]?.sensorId)
      expect(sensors.events['sensor.reading']?.schema.safeParse(event.data).success).toBe(true)
    }
  })

  it('are warmer in the afternoon than at night, and sometimes too hot or too damp', () => {
    const ordinary = (begin: number) => {
      const calm = dataOf(5, 5000, begin).filter(
        ({ sensorId, temperature }) => sensorId === 'yard-3' && temperature < 35,
      )
      return calm.reduce((sum, { temperature }) => sum + temperature, 0) / calm.length
    }
    const readings = dataOf(5, 20_000)

    expect(ordinary(MIDNIGHT + 14.5 * 3_600_000) - ordinary(MIDNIGHT + 2.5 * 3_600_000)).toBeGreaterThan(15)
    for (const isStrange of [
      ({ temperature }: Data) => temperature > 35,
      ({ humidity }: Data) => humidity > 90,
    ]) {
      const share = readings.filter(isStrange).length / readings.length
      expect(share).toBeGreaterThan(0.005)
      expect(share).toBeLessThan(0.15)
    }
  })
})
