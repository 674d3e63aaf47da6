// RFC 3339 §5.6, https://www.rfc-editor.org/rfc/rfc3339#section-5.6
//   date-time   = full-date "T" full-time          ("T" and "Z" may be lower case)
//   full-date   = 4DIGIT "-" 2DIGIT "-" 2DIGIT
//   full-time   = 2DIGIT ":" 2DIGIT ":" 2DIGIT ["." 1*DIGIT] time-offset
//   time-offset = "Z" / ("+" / "-") 2DIGIT ":" 2DIGIT
const DATE_TIME =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])[Tt](?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/

/**
 * Whether `text` is an RFC 3339 date-time that exists in the calendar, in a year from 0000 to 9999 of UTC. A second of 60
 * is valid only in the last minute of a UTC day, because leap seconds are inserted there.
 */
export function isTimestamp(text: string): boolean {
  if (!DATE_TIME.test(text) || !isDayOfMonth(text)) return false
  if (text.slice(17, 19) === '60' && !isLastMinute(text)) return false
  return !isAtEndOfYears(text) || isWithinYears(text)
}

/**
 * Returns the milliseconds since the Unix epoch of an RFC 3339 date-time, or null. A leap second is the second before
 * it. Every time of an event is read with it: `Date.parse` knows no leap second, and no lower case in some browsers.
 */
export function parseTimestamp(text: string | undefined): number | null {
  return text !== undefined && isTimestamp(text) ? readInstant(text) : null
}

/** Returns the time in UTC with milliseconds, such as `2026-11-27T10:00:00.000Z`; null for what is no RFC 3339 time. */
export function toUtc(text: string | undefined): string | null {
  const at = parseTimestamp(text)
  return at === null ? null : new Date(at).toISOString()
}

/** The longest time that a state contains as it was written, in characters. */
const PLAIN_LENGTH = 40

/**
 * Returns a time so that every language reads it, for states and their readers: a leap second as the second before it, one
 * with a very long fraction in milliseconds of UTC, every other one as it was written. Null for what is no RFC 3339 time.
 */
export function plainTime(text: string | undefined): string | null {
  if (text === undefined || !isTimestamp(text)) return null
  return text.length <= PLAIN_LENGTH ? text.replace(':60', ':59') : toUtc(text)
}

/** What a time may look like that is none yet. The groups are what `causeOf` looks at. */
const NEARLY =
  /^\d{4}-\d\d-\d\d(?:(?<between>[Tt\s])(?<hour>\d\d):?(?<minute>\d\d)(?::?(?<second>\d\d)(?<fraction>[.,]\d*)?)?(?<zone>\s?(?:[Zz]|[+-]?\d\d:?(?:\d\d)?))?)?$/

/**
 * Returns why a text is no RFC 3339 time, as a part of a sentence after its name, with what to write instead; null if it
 * is one.
 */
export function timestampProblem(text: string): string | null {
  if (isTimestamp(text)) return null
  return `must be an RFC 3339 time, such as 2026-03-01T12:00:00Z: ${causeOf(text)}.`
}

function causeOf(text: string): string {
  const nearly = NEARLY.exec(text)
  if (nearly === null) return 'this is not written as one'
  const { between, hour = '', minute = '', second, fraction = '', zone } = nearly.groups ?? {}
  if (between === undefined) return 'it has no time of day'
  if (hour === '24') return 'the day ends at 23:59:59; write 00:00:00 of the next day'
  if (!(Number(hour) < 24 && Number(minute) < 60 && Number(second ?? 0) <= 60))
    return 'there is no such time of day'
  if (between.trim() === '') return 'write "T" instead of the space after the date'
  if (second === undefined) return 'it has no seconds'
  if (fraction.startsWith(',')) return 'write a dot instead of the comma'
  if (zone === undefined) return 'it has no zone; add "Z" or an offset such as "+01:00"'
  if (/^\s\d\d:\d\d$/.test(zone)) return 'its offset has a space for the sign; in a query string "+" is "%2B"'
  if (!/^(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/.test(zone))
    return 'its zone is not "Z" or an offset such as "+01:00"'
  if (!isDayOfMonth(text)) return 'there is no such day'
  if (second === '60') return 'a second of 60 is only in the last minute of a day of UTC'
  return DATE_TIME.test(text) ? 'in UTC its year is not from 0000 to 9999' : 'this is not written as one'
}

const MINUTES_PER_DAY = 1440

function isLastMinute(text: string): boolean {
  const minutesAt = (start: number): number =>
    Number(text.slice(start, start + 2)) * 60 + Number(text.slice(start + 3, start + 5))
  const offset = /[Zz]$/.test(text) ? 0 : minutesAt(text.length - 5) * (text.at(-6) === '-' ? -1 : 1)
  return (minutesAt(11) - offset + MINUTES_PER_DAY) % MINUTES_PER_DAY === MINUTES_PER_DAY - 1
}

function isDayOfMonth(text: string): boolean {
  const [month, day] = [Number(text.slice(5, 7)), Number(text.slice(8, 10))]
  if (month < 1 || month > 12 || day < 1) return false
  return day <= 28 || day <= daysIn(Number(text.slice(0, 4)), month)
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

/** An offset moves these days into a year that is written with a sign, which is no RFC 3339. */
function isAtEndOfYears(text: string): boolean {
  return text.startsWith('0000-01-01') || text.startsWith('9999-12-31')
}

function isWithinYears(text: string): boolean {
  const year = new Date(readInstant(text)).getUTCFullYear()
  return year >= 0 && year <= 9999
}

function readInstant(text: string): number {
  return Date.parse(text.toUpperCase().replace(':60', ':59'))
}
