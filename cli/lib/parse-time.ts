import { InvalidArgumentError } from 'commander'
import { isTimestamp, parseTimestamp, timestampProblem } from '#shared/core/time.ts'

const YEAR_FIRST =
  /^(\d{4})[-/](\d{2})[-/](\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?)\s*([Zz]|[+-]\d{2}:?\d{2})?)?$/
const MONTH_NAME = /\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b/i
const ZONE_AT_END = /(?:\b(?:z|utc|gmt)|[+-]\d{2}:?\d{2})$/i
/** Numbers below this are seconds since 1970, others are milliseconds. As seconds it is the year 5138. */
const MILLISECONDS_FROM = 1e11

/**
 * Returns a time of a data set as RFC 3339, or null if it is not a time. Accepts RFC 3339 (returned unchanged),
 * year-first dates with or without a time, dates with the name of a month, a year alone, and seconds or milliseconds
 * since 1970. A time without a zone is UTC, so that a file gives the same events on every machine.
 */
export function toRfc3339(value: unknown): string | null {
  if (typeof value === 'number') return formatTime(fromNumber(value))
  if (typeof value !== 'string') return null
  const text = value.trim()
  if (isTimestamp(text)) return text
  if (/^\d+(?:\.\d+)?$/.test(text)) return formatTime(fromNumber(Number(text)))
  const [, year, month, day, time = '00:00', zone = 'Z'] = YEAR_FIRST.exec(text) ?? []
  if (year !== undefined) return fromParts(`${year}-${month}-${day}`, time.replace(',', '.'), zone)
  // Dates such as 3/4/2021 are ambiguous, so they are refused.
  if (!MONTH_NAME.test(text)) return null
  return formatTime(Date.parse(ZONE_AT_END.test(text) ? text : `${text} UTC`))
}

function fromParts(day: string, time: string, zone: string): string | null {
  const seconds = /^\d\d:\d\d$/.test(time) ? ':00' : ''
  const text = `${day}T${time}${seconds}${zone.replace(/^([+-]\d\d):?(\d\d)$/, '$1:$2')}`
  // The end of a day, as ISO 8601 writes it, is the beginning of the next one, and `Date` knows it.
  const at = /T24:00:00/.test(text) ? Date.parse(text) : parseTimestamp(text)
  return at === null ? null : formatTime(at)
}

function fromNumber(value: number): number {
  if (Number.isInteger(value) && value >= 1000 && value <= 9999) return Date.UTC(value, 0, 1)
  return Math.abs(value) < MILLISECONDS_FROM ? value * 1000 : value
}

function formatTime(milliseconds: number): string | null {
  const time = new Date(milliseconds)
  if (Number.isNaN(time.getTime())) return null
  const text = time.toISOString()
  return text.startsWith('+') || text.startsWith('-') ? null : text
}

/** Returns an RFC 3339 time from the command line. */
export function parseTimeOption(text: string): string {
  const problem = timestampProblem(text)
  if (problem === null) return text
  throw new InvalidArgumentError(`Give a time: it ${problem}`)
}

/** Returns milliseconds since 1970 as `2026-05-17T08:00:00Z`. */
export function timeText(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')
}
