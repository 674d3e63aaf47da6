import type { Bucket } from '#shared/domain/sensors/buckets.ts'
import type { SensorStatus } from '#shared/domain/sensors/conditions.ts'
import type { Measure } from '#shared/domain/sensors/read-reading.ts'
import type { Tone } from '#web/ui/data/badge.tsx'
import type { IconName } from '#web/ui/data/icon.tsx'

const ONE_DECIMAL = new Intl.NumberFormat('en', { minimumFractionDigits: 1, maximumFractionDigits: 1 })
export const UNITS: { readonly [measure in Measure]: string } = { temperature: '°C', humidity: '%' }
export const MEASURE_WORDS: { readonly [measure in Measure]: string } = {
  temperature: 'Temperature',
  humidity: 'Humidity',
}

/** A measured value with its unit; "—" for none. */
export function sayValue(value: number | null | undefined, measure: Measure): string {
  if (value === null || value === undefined) return '—'
  return `${ONE_DECIMAL.format(value).replace('-', '−')} ${UNITS[measure]}`
}

/** How a sensor is, as a reader sees it: `silent` when it has not reported for too long. */
export type Health = SensorStatus | 'silent'
export const HEALTH: {
  readonly [health in Health]: { readonly word: string; readonly tone: Tone; readonly icon: IconName }
} = {
  ok: { word: 'In order', tone: 'good', icon: 'check' },
  hot: { word: 'Too hot', tone: 'bad', icon: 'alert' },
  damp: { word: 'Too damp', tone: 'bad', icon: 'alert' },
  'hot and damp': { word: 'Too hot and damp', tone: 'bad', icon: 'alert' },
  silent: { word: 'Silent', tone: 'busy', icon: 'plug' },
}

const LEAST_SILENCE_MS = 15_000
/** For a sensor that reports too rarely to tell its rhythm. */
const RARE_SILENCE_MS = 900_000
const MISSED_READINGS = 5

/** After how many milliseconds a sensor counts as silent: when it missed five readings at its usual pace. */
export function silenceAfter(window: readonly Bucket[]): number {
  const gaps = window.slice(1).map(([second], index) => second - (window[index]?.[0] ?? second))
  if (gaps.length === 0) return RARE_SILENCE_MS
  const usual = gaps.sort((a, b) => a - b)[Math.floor(gaps.length / 2)] ?? 0
  return Math.max(LEAST_SILENCE_MS, usual * 1000 * MISSED_READINGS)
}

type Reported = { readonly latest: number | null; readonly window: readonly Bucket[] }

/** The health of a sensor at a time, in milliseconds since 1970. What a silent one measured last tells nothing of now. */
export function healthOf({ latest, window }: Reported, status: SensorStatus, now: number): Health {
  return latest === null || now - latest > silenceAfter(window) ? 'silent' : status
}

/** The averages of a measure, bucket by bucket, oldest first, without those where nothing was measured. */
export function seriesOf(buckets: readonly Bucket[], measure: Measure): number[] {
  const [count, sum] = measure === 'temperature' ? ([1, 2] as const) : ([3, 4] as const)
  return buckets.flatMap((bucket) => (bucket[count] === 0 ? [] : [bucket[sum] / bucket[count] / 100]))
}
