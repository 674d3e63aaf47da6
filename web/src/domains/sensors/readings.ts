import type { Bucket, Measure } from '#shared/domain/sensors/readings.ts'
import type { SensorStatus } from '#shared/domain/sensors/sensor-view.ts'
import type { Tone } from '#web/ui/data/badge.tsx'
import type { IconName } from '#web/ui/data/icon.tsx'

const ONE_DECIMAL = new Intl.NumberFormat('en', { minimumFractionDigits: 1, maximumFractionDigits: 1 })
const UNITS: { readonly [measure in Measure]: string } = { temperature: '°C', humidity: '%' }
export const MEASURE_WORDS: { readonly [measure in Measure]: string } = {
  temperature: 'Temperature',
  humidity: 'Humidity',
}

/** Formats a measured value with its unit; "—" for null. */
export function formatValue(value: number | null | undefined, measure: Measure): string {
  if (value === null || value === undefined) return '—'
  return `${ONE_DECIMAL.format(value).replace('-', '−')} ${UNITS[measure]}`
}

/** The health of a sensor as users see it: `silent` if it has not reported for too long. */
export type Health = SensorStatus | 'silent'
export const HEALTH: {
  readonly [health in Health]: { readonly word: string; readonly tone: Tone; readonly icon: IconName }
} = {
  ok: { word: 'Normal', tone: 'good', icon: 'check' },
  hot: { word: 'Too hot', tone: 'bad', icon: 'alert' },
  damp: { word: 'Too humid', tone: 'bad', icon: 'alert' },
  'hot and damp': { word: 'Too hot and humid', tone: 'bad', icon: 'alert' },
  silent: { word: 'Silent', tone: 'busy', icon: 'plug' },
}

const MIN_SILENCE_MS = 15_000
/** For a sensor that reports too rarely to derive its interval. */
const RARE_SILENCE_MS = 900_000
const MISSED_READINGS = 5

/** Returns after how many milliseconds a sensor is silent: five of its usual intervals, at least 15 s. */
export function silenceAfter(window: readonly Bucket[]): number {
  const gaps = window.slice(1).map(([second], index) => second - (window[index]?.[0] ?? second))
  if (gaps.length === 0) return RARE_SILENCE_MS
  const usual = gaps.sort((a, b) => a - b)[Math.floor(gaps.length / 2)] ?? 0
  return Math.max(MIN_SILENCE_MS, usual * 1000 * MISSED_READINGS)
}

type Reported = { readonly latest: number | null; readonly window: readonly Bucket[] }

/** Returns the health of a sensor. `now` is in epoch milliseconds. The last status of a silent sensor no longer counts. */
export function healthOf({ latest, window }: Reported, status: SensorStatus, now: number): Health {
  return latest === null || now - latest > silenceAfter(window) ? 'silent' : status
}

/** Returns the average of a measure in each bucket, oldest first, without buckets that did not measure it. */
export function seriesOf(buckets: readonly Bucket[], measure: Measure): number[] {
  const [count, sum] = measure === 'temperature' ? ([1, 2] as const) : ([3, 4] as const)
  return buckets.flatMap((bucket) => (bucket[count] === 0 ? [] : [bucket[sum] / bucket[count] / 100]))
}
