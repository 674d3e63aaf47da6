import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { FoldInput } from '#shared/domain/define-domain.ts'
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
  it('take in exactly the 5 minutes up to the newest reading, to the second', () => {
    const { average } = reportOf([
      readingAt(NOON - 300_000, { temperature: 90 }),
      readingAt(NOON - 299_000, { temperature: 10, humidity: 40 }),
      readingAt(NOON, { temperature: 20, humidity: 50 }),
    ])

    expect(average).toEqual({ temperature: 15, humidity: 45 })
  })

  it('count a late reading inside the window, and leave an older one out and say so', () => {
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

    const naive = naiveAverages(inputs)

    const state = foldAll(sensorView, inputs)

    expect(report(state).average).toEqual(naive(NOON - 300_000, NOON))
    expect(state.readings).toBe(100_000)
    for (const { time, ...values } of report(state).day)
      expect(values).toEqual(naive(Date.parse(time) - 1000, Date.parse(time) + 299_000))
    expect(report(state).day.length).toBe(288)
  })

  it('are the same in whatever order and over whatever partitions the readings come', () => {
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

/** Readings of the 26 hours up to noon, in an order of their own, some of them of one measure only. */
function shuffledReadings(count: number): FoldInput[] {
  let seed = 7
  const random = () => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed / 2_147_483_647
  }
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

/** Readings as second and values, and from them the averages later than `after` and no later than `until`, one by one. */
function naiveAverages(inputs: readonly FoldInput[]) {
  const readings = inputs.map(({ event }) => ({
    second: Math.floor(Date.parse(event.time ?? '') / 1000) * 1000,
    values: event.data as Readonly<Record<string, number | undefined>>,
  }))
  return (after: number, until: number) => {
    const within = readings.filter(({ second }) => second > after && second <= until)
    const averageOf = (name: string) => {
      const values = within.flatMap(({ values: { [name]: value } }) => value ?? [])
      const sum = values.reduce((total, value) => total + Math.round(value * 100), 0)
      return values.length === 0 ? null : Math.round(sum / values.length) / 100
    }
    return { temperature: averageOf('temperature'), humidity: averageOf('humidity') }
  }
}
