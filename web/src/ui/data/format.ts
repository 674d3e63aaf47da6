import { parseTimestamp } from '#shared/core/time.ts'

const options = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const
const moment = {
  month: 'short',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
} as const
const date = { year: 'numeric', month: 'short', day: '2-digit' } as const

const FORMATS = {
  local: {
    time: new Intl.DateTimeFormat('en', options),
    full: new Intl.DateTimeFormat('en', { ...date, ...options }),
    day: new Intl.DateTimeFormat('en', date),
    moment: new Intl.DateTimeFormat('en', moment),
  },
  utc: {
    time: new Intl.DateTimeFormat('en', { ...options, timeZone: 'UTC' }),
    full: new Intl.DateTimeFormat('en', { ...date, ...options, timeZone: 'UTC' }),
    day: new Intl.DateTimeFormat('en', { ...date, timeZone: 'UTC' }),
    moment: new Intl.DateTimeFormat('en', { ...moment, timeZone: 'UTC' }),
  },
}
export type Zone = keyof typeof FORMATS
/** A day ends with its year. */
const YEAR_DIGITS = 4

/** Returns a time in epoch milliseconds, NaN if it is none. A leap second, which `Date` does not know, is the second before. */
export function instantOf(value: string | number | undefined): number {
  return typeof value === 'string' ? (parseTimestamp(value) ?? Date.parse(value)) : (value ?? Number.NaN)
}

/** Formats a time as hours, minutes and seconds, or with its date and zone; "—" if it is not a time. */
export function formatTime(
  value: string | number | undefined,
  zone: Zone,
  length: 'time' | 'full' = 'time',
): string {
  const at = instantOf(value)
  if (Number.isNaN(at)) return '—'
  const text = FORMATS[zone][length].format(at)
  return length === 'full' && zone === 'utc' ? `${text} UTC` : text
}

/**
 * Formats a time of the day of `now` (epoch milliseconds) as hours, minutes and seconds, any other one of its year with its
 * day, "Nov 26, 14:03", and all others as a day: "Jun 30, 2099". "—" if it is not a time.
 */
export function formatMoment(value: string | number | undefined, zone: Zone, now: number): string {
  const at = instantOf(value)
  if (Number.isNaN(at)) return '—'
  const { day, time, moment: dated } = FORMATS[zone]
  const [own, today] = [day.format(at), day.format(now)]
  if (own === today) return time.format(at)
  return own.slice(-YEAR_DIGITS) === today.slice(-YEAR_DIGITS) ? dated.format(at) : own
}

/** Formats an age in milliseconds: "just now", "4 s ago", "3 days ago". */
export function describeAge(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  if (seconds < 1) return 'just now'
  if (seconds < 60) return `${seconds} s ago`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ago`
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? `${hours} h ago` : `${Math.floor(hours / 24)} days ago`
}

const NUMBER = new Intl.NumberFormat('en', { maximumFractionDigits: 1 })

/** Formats a number with at most one decimal. */
export function formatNumber(value: number): string {
  return NUMBER.format(value)
}
