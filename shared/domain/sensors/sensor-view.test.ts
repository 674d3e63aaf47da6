import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Emission, FoldInput } from '#shared/domain/define-domain.ts'
import { createRandom } from '#shared/testing/random.ts'
import { deepFreeze, foldAll, readingAt } from '#shared/testing/sensors/readings.ts'
import { type SensorReport, type SensorState, sensorView } from './sensor-view.ts'

const NOON = Date.parse('2026-03-01T12:00:00Z')
const report = (state: SensorState) => sensorView.present?.(state, 0, 'quay-1') as SensorReport
const reportOf = (inputs: Iterable<FoldInput>) => report(foldAll(sensorView, inputs))

/** Times up to two hours apart around noon, in any order; temperatures and humidities of any number of digits. */
const anyReading = fc
  .record({
    time: fc.integer({ min: NOON - 7_200_000, max: NOON }),
    temperature: fc.option(fc.double({ min: -90, max: 100, noNaN: true }), { nil: undefined }),
    humidity: fc.option(fc.double({ min: 0, max: 100, noNaN: true }), { nil: undefined }),
  })
  .map(({ time, ...data }) => readingAt(time, data))

describe('rolling averages', () => {
  it('include exactly the 5 minutes up to the newest reading, to the second', () => {
    const { average } = reportOf([
      readingAt(NOON - 300_000, { temperature: 90 }),
      readingAt(NOON - 299_000, { temperature: 10, humidity: 40 }),
      readingAt(NOON, { temperature: 20, humidity: 50 }),
    ])

    expect(average).toEqual({ temperature: 15, humidity: 45 })
  })

  it('include a late reading within the window, and only count an older one as late', () => {
    const inputs = [
      readingAt(NOON, { temperature: 20 }),
      readingAt(NOON - 60_000, { temperature: 30 }),
      readingAt(NOON - 600_000, { temperature: 99 }),
    ]

    const { average, last, late, readings, day } = reportOf(inputs)

    expect(average.temperature).toBe(25)
    expect(last).toMatchObject({ temperature: 20, time: '2026-03-01T12:00:00.000Z' })
    expect({ late, readings }).toEqual({ late: 1, readings: 3 })
    expect(day.map(({ time, temperature }) => [time.slice(11, 16), temperature])).toEqual([
      ['11:50', 99],
      ['11:55', 30],
      ['12:00', 20],
    ])
  })

  it('keep the course of 24 hours in 288 steps', () => {
    const halfHours = Array.from({ length: 100 }, (_, n) =>
      readingAt(NOON + n * 1_800_000, { temperature: n }),
    )

    const { day } = reportOf(halfHours)

    expect(day.map(({ temperature }) => temperature)).toEqual(Array.from({ length: 48 }, (_, n) => n + 52))
  })

  it('equal a naive recomputation over 100,000 readings in shuffled order', () => {
    const inputs = shuffledReadings(100_000)

    const { readings, slots } = naiveReadings(inputs)

    const state = foldAll(sensorView, inputs)

    const isInWindow = ({ second }: NaiveReading) => second > NOON - 300_000 && second <= NOON
    expect(report(state).average).toEqual(naiveAverages(readings.filter(isInWindow)))
    expect(state.readings).toBe(100_000)
    for (const { time, ...values } of report(state).day)
      expect(values).toEqual(naiveAverages(slots.get(Date.parse(time)) ?? []))
    expect(report(state).day.length).toBe(288)
  })

  it('do not depend on the order or the partitions of the readings', () => {
    fc.assert(
      fc.property(fc.array(anyReading, { maxLength: 40 }), fc.nat(), (inputs, seed) => {
        const [left, right] = [0, 1].map((half) =>
          foldAll(
            sensorView,
            inputs.filter((_, n) => (n + seed) % 2 === half),
          ),
        )
        const shuffled = [...inputs].sort((a, b) => ((a.event.time ?? '') < (b.event.time ?? '') ? -1 : 1))

        const { average, day } = reportOf(inputs)

        expect(reportOf(shuffled)).toMatchObject({ average, day })
        if (left && right && sensorView.merge)
          expect(report(sensorView.merge(left, right))).toMatchObject({ average, day })
      }),
    )
  })
})

describe('any events', () => {
  const junk = fc.record({
    topic: fc.string(),
    partition: fc.nat(),
    offset: fc.nat(),
    event: fc.record(
      {
        id: fc.string(),
        source: fc.string(),
        type: fc.constantFrom('sensor.reading', 'sensor.alert', '__proto__'),
        category: fc.constantFrom('sensor.reading', 'sensor.reading.x'),
        subject: fc.string(),
        time: fc.constantFrom('2026-01-01T00:00:00Z', 'never', ''),
        data: fc.oneof(
          fc.jsonValue(),
          fc.record({
            sensorId: fc.jsonValue(),
            temperature: fc.oneof(fc.double(), fc.jsonValue()),
            location: fc.jsonValue(),
          }),
        ),
      },
      { requiredKeys: ['id', 'source', 'type'] },
    ),
  })

  it('never throw, never change a state in place, and leave it JSON', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(junk, anyReading)), (inputs) => {
        let state = deepFreeze(sensorView.initial('quay-1'))
        for (const input of inputs) {
          sensorView.keys?.(input)
          state = deepFreeze(sensorView.apply(state, input, 'quay-1'))
        }
        expect(JSON.parse(JSON.stringify(state))).toEqual(state)
      }),
    )
  })

  it('give the same state however they are split into batches', () => {
    fc.assert(
      fc.property(fc.array(anyReading), fc.nat(50), (inputs, at) => {
        const first = JSON.parse(JSON.stringify(foldAll(sensorView, inputs.slice(0, at)))) as SensorState

        const split = foldAll(sensorView, inputs.slice(at), 'quay-1', first)

        expect(JSON.stringify(split)).toBe(JSON.stringify(foldAll(sensorView, inputs)))
      }),
    )
  })

  it.each([
    ['temperature as text', { temperature: '21' }],
    ['no number', {}],
    ['NaN', { temperature: Number.NaN }],
    ['colder than anything', { temperature: -90.1 }],
    ['wetter than water', { humidity: 100.1 }],
    ['one good and one bad value', { temperature: 20, humidity: -1 }],
  ])('leave the very same state when they say %s', (_, data) => {
    const state = foldAll(sensorView, [readingAt(NOON, { temperature: 20 })])

    expect(sensorView.apply(state, readingAt(NOON + 1, data), 'quay-1')).toBe(state)
    expect(sensorView.keys?.(readingAt(NOON + 1, data))).toEqual([])
  })

  it('belong to the sensor that the subject names where the data does not', () => {
    const input = readingAt(
      NOON,
      { sensorId: undefined, temperature: 1 },
      { subject: 'dock 3', category: 'sensor.reading' },
    )

    expect(sensorView.keys?.(input)).toEqual(['dock 3'])
    expect(sensorView.channelsOf?.('dock 3')).toEqual(['sensor.reading.dock-3', 'sensor.reading'])
  })

  it('keep a state below 100 KB', () => {
    const digits = 33.333_333_333
    const inputs = Array.from({ length: 90_000 }, (_, n) =>
      readingAt(NOON + n * 1000, { temperature: digits, humidity: digits }),
    )

    expect(JSON.stringify(foldAll(sensorView, inputs)).length).toBeLessThan(40_000)
  })
})

/** Returns readings of the 26 hours up to noon in a random order, some of them of one measure only. */
function shuffledReadings(count: number): FoldInput[] {
  const random = createRandom(7).next
  const inputs = Array.from({ length: count }, () => {
    const time = NOON - Math.floor(random() ** 2 * 26 * 3_600_000)
    const temperature = random() * 120 - 40
    return readingAt(
      time,
      random() < 0.2 ? { humidity: random() * 100 } : { temperature, humidity: random() * 100 },
    )
  })
  return [readingAt(NOON, { temperature: 20 }), ...inputs.slice(1)].sort(() => random() - 0.5)
}

type NaiveReading = { readonly second: number; readonly values: Readonly<Record<string, number | undefined>> }

/** Returns readings with their whole second, and the same by the 5 minutes of the day that they belong to. */
function naiveReadings(inputs: readonly FoldInput[]) {
  const readings = inputs.map(
    ({ event }): NaiveReading => ({
      second: Math.floor(Date.parse(event.time ?? '') / 1000) * 1000,
      values: event.data as NaiveReading['values'],
    }),
  )
  return { readings, slots: Map.groupBy(readings, ({ second }) => second - (second % 300_000)) }
}

function naiveAverages(readings: readonly NaiveReading[]) {
  const averageOf = (name: string) => {
    const values = readings.flatMap(({ values: { [name]: value } }) => value ?? [])
    const sum = values.reduce((total, value) => total + Math.round(value * 100), 0)
    return values.length === 0 ? null : Math.round(sum / values.length) / 100
  }
  return { temperature: averageOf('temperature'), humidity: averageOf('humidity') }
}

/** Folds readings [second, temperature, humidity]. Returns what each one emitted, and the status after it. */
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
      reasons: emitted.map(({ type, data }) => `${type}: ${(data as { reason: string }).reason}`),
      emitted,
    }
  })
}

describe('a condition', () => {
  it('raises an alert when it begins and every 5 minutes while it lasts, and a recovery when it ends', () => {
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

    expect(steps.map(({ reasons }) => reasons.length)).toEqual([0, 1, 0, 1, 0, 0, 1, 1])
    expect(steps.map(({ status }) => status)).toEqual(['ok', ...Array(6).fill('hot'), 'ok'])
    expect(steps.flatMap(({ reasons }) => reasons)).toEqual([
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
    expect(steps.map(({ reasons }) => reasons.length)).toEqual([1, 1, 1, 1])
  })

  it('does not end because a reading leaves the measure out, nor because of a late reading', () => {
    const steps = live([
      [0, 36],
      [2, undefined, 40],
      [1, 20],
      [4, 36],
    ])

    expect(steps.map(({ status }) => status)).toEqual(['hot', 'hot', 'hot', 'hot'])
    expect(steps.map(({ reasons }) => reasons.length)).toEqual([1, 0, 0, 0])
  })
})
