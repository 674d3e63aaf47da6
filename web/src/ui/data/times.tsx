import { useSetting } from '#web/ui/state/settings.ts'
import { useNow } from '#web/ui/state/use-now.ts'
import { describeAge, formatTime } from './format.ts'

/** A time in the zone of the settings. */
export function Time({ value, full = false }: { value: string | number | undefined; full?: boolean }) {
  const zone = useSetting('times')
  const text = formatTime(value, zone, full ? 'full' : 'time')
  if (value === undefined || text === '—') return <span>—</span>
  return (
    <time dateTime={new Date(value).toISOString()} title={formatTime(value, zone, 'full')}>
      {text}
    </time>
  )
}

/** How long ago a time was, updated every second. */
export function Age({ of }: { of: string | number }) {
  const at = new Date(of).getTime()
  const age = Math.max(0, useNow() - at)
  return Number.isNaN(at) ? (
    <span>—</span>
  ) : (
    <span title={new Date(at).toISOString()}>{describeAge(age)}</span>
  )
}
