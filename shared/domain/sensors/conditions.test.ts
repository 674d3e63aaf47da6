import { describe, expect, it } from 'vitest'
import type { Emission } from '#shared/domain/define-domain.ts'
import { readingAt } from '#shared/testing/sensors/readings.ts'
import { type SensorReport, sensorView } from './sensor-view.ts'

const NOON = Date.parse('2026-03-01T12:00:00Z')

/** Folds readings [second, temperature, humidity]: what each one led to, and the status after it. */
function live(
  readings: readonly (readonly [second: number, temperature?: number | undefined, humidity?: number])[],
) {
  let state = sensorView.initial('quay-1')
  return readings.map(([second, temperature, humidity]) => {
    const before = state
    const input = readingAt(NOON + second * 1000, { temperature, humidity })
    state = sensorView.apply(before, input, 'quay-1')
    const emitted: readonly Emission[] = sensorView.emit?.(before, input, state, 'quay-1') ?? []
    const status = (sensorView.present?.(state, 0, 'quay-1') as SensorReport | undefined)?.status
    return {
      status,
      told: emitted.map(({ type, data }) => `${type}: ${(data as { reason: string }).reason}`),
      emitted,
    }
  })
}

describe('a condition', () => {
  it('is told when it begins, every 5 minutes while it lasts, and when it is over', () => {
    const steps = live([
      [0, 35],
      [2, 35.1],
      [4, 40],
      [302, 41],
      [304, 41],
      [601, 41],
      [602, 42],
      [604, 34],
    ])

    expect(steps.map(({ told }) => told.length)).toEqual([0, 1, 0, 1, 0, 0, 1, 1])
    expect(steps.map(({ status }) => status)).toEqual(['ok', ...Array(6).fill('hot'), 'ok'])
    expect(steps.flatMap(({ told }) => told)).toEqual([
      ...Array(3).fill('sensor.alert: temperature above 35 °C'),
      'sensor.recovered: temperature back to at most 35 °C',
    ])
  })

  it('carries the sensor, its place, the reason and the value', () => {
    const [first, second] = live([
      [0, 36, 91],
      [2, 30],
    ])

    expect(first?.emitted[1]).toEqual({
      type: 'sensor.alert',
      subject: 'quay-1',
      partitionkey: 'quay-1',
      data: {
        sensorId: 'quay-1',
        location: 'North quay',
        reason: 'humidity above 90 %',
        measure: 'humidity',
        value: 91,
        limit: 90,
        since: '2026-03-01T12:00:00.000Z',
        temperature: 36,
        humidity: 91,
      },
    })
    expect(second?.emitted).toMatchObject([
      { type: 'sensor.recovered', data: { measure: 'temperature', value: 30 } },
    ])
  })

  it('is one of heat and one of damp, each on its own', () => {
    const steps = live([
      [0, 36, 50],
      [2, 36, 95],
      [4, 20, 95],
      [6, 20, 80],
    ])

    expect(steps.map(({ status }) => status)).toEqual(['hot', 'hot and damp', 'damp', 'ok'])
    expect(steps.map(({ told }) => told.length)).toEqual([1, 1, 1, 1])
  })

  it('does not end because a reading leaves the measure out, nor because of a late reading', () => {
    const steps = live([
      [0, 36],
      [2, undefined, 40],
      [1, 20],
      [4, 36],
    ])

    expect(steps.map(({ status }) => status)).toEqual(['hot', 'hot', 'hot', 'hot'])
    expect(steps.map(({ told }) => told.length)).toEqual([1, 0, 0, 0])
  })
})
