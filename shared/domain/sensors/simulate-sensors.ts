import type { SimulatedEvent } from '#shared/domain/define-domain.ts'
import { PLACES } from './readings.ts'

const ROUND_MS = 2000
const DAY_MS = 86_400_000
/** The warmest time of a day. */
const PEAK_MS = 15 * 3_600_000
/** On average, one anomaly in this many readings of a sensor, and the minimum and maximum of readings that it lasts. */
const ANOMALY_EVERY = 150
const ANOMALY_READINGS = [5, 25] as const

type Place = (typeof PLACES)[number]
/** The state of a simulated sensor: how far its values are from the curve of the day, and an anomaly while it lasts. */
type Mood = {
  readonly place: Place
  readonly drift: number
  readonly anomaly: { readonly kind: 'hot' | 'damp'; readonly left: number } | null
}

/**
 * Simulates the five sensors, each with a reading every 2 seconds: a curve of the day, some noise, and sometimes a
 * period of heat or damp.
 */
export function* simulateSensors(random: () => number, begin: number): Generator<SimulatedEvent> {
  let moods = PLACES.map((place): Mood => ({ place, drift: 0, anomaly: null }))
  const waitMs = ROUND_MS / moods.length
  for (let time = begin + waitMs; ; time += ROUND_MS) {
    moods = moods.map((mood) => changeMood(mood, random))
    for (const [index, mood] of moods.entries()) {
      const { sensorId, location } = mood.place
      const data = { sensorId, location, ...measure(mood, time + index * waitMs, random) }
      yield { waitMs, event: { type: 'sensor.reading', subject: sensorId, data } }
    }
  }
}

function changeMood({ place, drift, anomaly }: Mood, random: () => number): Mood {
  const [shortest, longest] = ANOMALY_READINGS
  const left = shortest + Math.floor(random() * (longest - shortest))
  const begins = random() * ANOMALY_EVERY < 1
  const fresh = begins ? { kind: random() < 0.5 ? ('hot' as const) : ('damp' as const), left } : null
  const lasting = anomaly && anomaly.left > 1 ? { ...anomaly, left: anomaly.left - 1 } : null
  return { place, drift: drift * 0.98 + (random() - 0.5) * 0.2, anomaly: lasting ?? fresh }
}

function measure({ place, drift, anomaly }: Mood, time: number, random: () => number) {
  const sun = Math.cos((((time - PEAK_MS) % DAY_MS) / DAY_MS) * 2 * Math.PI)
  const noise = random() - 0.5
  const temperature = place.meanCelsius + place.swingCelsius * sun + drift + noise * 0.3
  const humidity = place.meanPercent - 12 * sun - drift + noise
  return {
    temperature: oneDigit(anomaly?.kind === 'hot' ? 37.5 + noise * 4 : temperature),
    humidity: oneDigit(anomaly?.kind === 'damp' ? 94 + noise * 6 : humidity),
  }
}

function oneDigit(value: number): number {
  return Math.round(value * 10) / 10
}
