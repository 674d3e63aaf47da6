// RFC 3339 §5.6, https://www.rfc-editor.org/rfc/rfc3339#section-5.6
//   date-time   = full-date "T" full-time          ("T" and "Z" may be lower case)
//   full-date   = 4DIGIT "-" 2DIGIT "-" 2DIGIT
//   full-time   = 2DIGIT ":" 2DIGIT ":" 2DIGIT ["." 1*DIGIT] time-offset
//   time-offset = "Z" / ("+" / "-") 2DIGIT ":" 2DIGIT
const DATE_TIME =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])[Tt](?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/

/**
 * Whether `text` is an RFC 3339 date-time that exists in the calendar. A second of 60 is valid only in the
 * last minute of a UTC day, because leap seconds are inserted there.
 */
export function isTimestamp(text: string): boolean {
  if (!DATE_TIME.test(text)) return false
  const day = Number(text.slice(8, 10))
  if (day > 28 && day > daysIn(Number(text.slice(0, 4)), Number(text.slice(5, 7)))) return false
  return text.slice(17, 19) !== '60' || isLastMinute(text)
}

/**
 * Returns the milliseconds since the Unix epoch of an RFC 3339 date-time, or null. A leap second is the second before
 * it.
 */
export function parseTimestamp(text: string): number | null {
  return isTimestamp(text) ? Date.parse(text.replace(':60', ':59')) : null
}

const MINUTES_PER_DAY = 1440

function isLastMinute(text: string): boolean {
  const minutesAt = (start: number): number =>
    Number(text.slice(start, start + 2)) * 60 + Number(text.slice(start + 3, start + 5))
  const offset = /[Zz]$/.test(text) ? 0 : minutesAt(text.length - 5) * (text.at(-6) === '-' ? -1 : 1)
  return (minutesAt(11) - offset + MINUTES_PER_DAY) % MINUTES_PER_DAY === MINUTES_PER_DAY - 1
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}
