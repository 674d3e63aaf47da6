import { useSetting } from '#web/ui/state/settings.ts'
import { useNow, useNowBy } from '#web/ui/state/use-now.ts'
import { describeAge, formatMoment, formatTime, instantOf } from './format.ts'

/** Every time zone is a whole number of quarters of an hour from UTC: days begin only there. */
const QUARTER_MS = 900_000

/** A time in the zone of the settings, with its day unless that is today. */
export function Time({ value, full = false }: { value: string | number | undefined; full?: boolean }) {
  const zone = useSetting('times')
  const now = useNowBy(QUARTER_MS)
  const text = full ? formatTime(value, zone, 'full') : formatMoment(value, zone, now)
  if (value === undefined || text === '—') return <span>—</span>
  return (
    <time dateTime={new Date(instantOf(value)).toISOString()} title={formatTime(value, zone, 'full')}>
      {text}
    </time>
  )
}

/** How long ago a time was, updated every second. */
export function Age({ of }: { of: string | number }) {
  const at = instantOf(of)
  const age = Math.max(0, useNow() - at)
  return Number.isNaN(at) ? (
    <span>—</span>
  ) : (
    <span title={new Date(at).toISOString()}>{describeAge(age)}</span>
  )
}
