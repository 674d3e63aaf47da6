import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { FoldInput } from '#shared/domain/define-domain.ts'
import { foldAll, readingAt } from '#shared/testing/sensors/readings.ts'
import {
  type Aggregates,
  type AggregatesState,
  aggregatesView,
  type RecentAlerts,
  recentAlertsView,
} from './sensors-views.ts'

const NOON = Date.parse('2026-03-01T12:00:00Z')
const DAY = 86_400_000
const aggregates = (state: AggregatesState, now = NOON) =>
  aggregatesView.present?.(state, now, '') as Aggregates
const joinAlerts = (left: RecentAlerts, right: RecentAlerts) => recentAlertsView.merge?.(left, right)

function alertAt(minute: number, id = `a-${minute}`, more: Partial<FoldInput['event']> = {}): FoldInput {
  const time = new Date(NOON + minute * 60_000).toISOString()
  const event = {
    id,
    source: '/fold',
    type: 'sensor.alert',
    subject: 'quay-1',
    time,
    data: { reason: 'hot' },
    ...more,
  }
  return { topic: 'sensor-alerts', partition: 0, offset: 0, event }
}

describe('aggregates', () => {
  const inputs = [
    readingAt(NOON - DAY, { temperature: 50 }),
    readingAt(NOON, { temperature: 10, humidity: 60 }),
    readingAt(NOON + 1000, { temperature: 21.256 }),
    readingAt(NOON - DAY, { temperature: -50 }),
    readingAt(NOON, { sensorId: 'mine', location: 'Attic', humidity: 33.3 }),
  ]

  it('are minimum, maximum and average of today by place, and count all readings', () => {
    expect(aggregates(foldAll(aggregatesView, inputs))).toEqual({
      readings: 5,
      places: [
        {
          location: 'Attic',
          readings: 1,
          today: { readings: 1, temperature: null, humidity: { min: 33.3, max: 33.3, average: 33.3 } },
        },
        {
          location: 'North quay',
          readings: 4,
          today: {
            readings: 2,
            temperature: { min: 10, max: 21.26, average: 15.63 },
            humidity: { min: 60, max: 60, average: 60 },
          },
        },
      ],
    })
  })

  it('start again with the next day, even before its first reading', () => {
    const state = foldAll(aggregatesView, inputs)

    expect(aggregates(state, NOON + DAY).places[1]).toMatchObject({
      readings: 4,
      today: { readings: 0, temperature: null },
    })
  })

  it('do not depend on the number of partitions', () => {
    const anyReading = fc
      .record({
        time: fc.integer({ min: NOON - DAY, max: NOON }),
        temperature: fc.integer({ min: -90, max: 100 }),
        sensorId: fc.constantFrom('quay-1', 'yard-3', 'other'),
      })
      .map(({ time, ...data }) => readingAt(time, data))
    fc.assert(
      fc.property(fc.array(anyReading), fc.nat(30), (readings, at) => {
        const [left, right] = [readings.slice(0, at), readings.slice(at)].map((half) =>
          foldAll(aggregatesView, half),
        )
        if (!left || !right || !aggregatesView.merge) throw new Error('unreachable')

        const merged = aggregatesView.merge(left, right)

        expect(aggregates(merged)).toEqual(aggregates(foldAll(aggregatesView, readings)))
      }),
    )
  })

  it('stay below 100 KB, whatever the places are called', () => {
    const places = Array.from({ length: 1000 }, (_, n) =>
      readingAt(NOON, {
        sensorId: 'x',
        location: `${n}${'漢'.repeat(60)}`,
        temperature: 30.55,
        humidity: 44.44,
      }),
    )

    const state = foldAll(aggregatesView, [
      ...places,
      readingAt(NOON, { location: '__proto__', humidity: 1 }),
    ])

    expect(new TextEncoder().encode(JSON.stringify(state)).length).toBeLessThan(100_000)
    expect(aggregates(state).places.find(({ location }) => location === 'elsewhere')?.readings).toBe(801)
  })
})

describe('recent alerts', () => {
  it('are the last 100 by time, newest first, recoveries among them', () => {
    const inputs = Array.from({ length: 150 }, (_, n) => alertAt((n * 37) % 150, `a-${n}`))

    const { alerts } = foldAll(recentAlertsView, [
      ...inputs,
      alertAt(200, 'r', {
        type: 'sensor.recovered',
        subject: 'yard-3',
        data: { value: 20, temperature: 'warm' },
      }),
    ])

    expect(alerts).toHaveLength(100)
    expect(alerts[0]).toEqual({
      id: 'r',
      kind: 'recovered',
      sensorId: 'yard-3',
      location: null,
      reason: null,
      value: 20,
      time: new Date(NOON + 200 * 60_000).toISOString(),
    })
    expect(alerts.map(({ time }) => time)).toEqual(
      alerts
        .map(({ time }) => time)
        .sort()
        .reverse(),
    )
    expect(alerts.at(-1)?.time).toBe(new Date(NOON + 51 * 60_000).toISOString())
  })

  it('leave the very same state when an alert is older than all of them, or is none', () => {
    const full = foldAll(
      recentAlertsView,
      Array.from({ length: 100 }, (_, n) => alertAt(n)),
    )

    expect(recentAlertsView.apply(full, alertAt(-1), '')).toBe(full)
    expect(recentAlertsView.apply(full, alertAt(500, 'x', { type: 'toString' }), '')).toBe(full)
    expect(recentAlertsView.apply(full, alertAt(500, 'x', { time: 'never' }), '')).toBe(full)
  })

  it('do not depend on the number of partitions, and stay below 100 KB', () => {
    const long = '\u0001"漢'.repeat(1000)
    const anyAlert = fc.record({ minute: fc.nat(5000), id: fc.string() }).map(({ minute, id }) =>
      alertAt(minute, id, {
        data: { reason: long, location: long, sensorId: long, temperature: 30.123_456, value: 1e-7 },
      }),
    )
    fc.assert(
      fc.property(fc.array(anyAlert, { maxLength: 150, size: 'max' }), fc.nat(150), (inputs, at) => {
        const [left, right] = [inputs.slice(0, at), inputs.slice(at)].map((half) =>
          foldAll(recentAlertsView, half),
        )
        const whole = foldAll(recentAlertsView, inputs)

        expect(left && right && joinAlerts(left, right)).toEqual(whole)
        expect(new TextEncoder().encode(JSON.stringify(whole)).length).toBeLessThan(100_000)
      }),
    )
  })
})
