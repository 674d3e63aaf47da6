import { parseTimestamp, timestampProblem } from '#shared/core/time.ts'

/** The offset of a time whose "+" was sent as it is: in a query string that means a space. */
const SPACE_FOR_PLUS = /^(\S+) (?=\d\d:\d\d$)/

/** Returns a text that may be a time of a query string with the "+" of its offset. */
export function withPlus(text: string): string {
  return text.replace(SPACE_FOR_PLUS, '$1+')
}

/**
 * Returns a time of a query string in milliseconds since 1970, or why it is none. `2026-11-27T10:00:00+01:00` arrives
 * with a space unless the sender has written `%2B`; nothing else can be meant, so it is read.
 */
export function readQueryTime(text: string): number | string {
  const meant = withPlus(text)
  return parseTimestamp(meant) ?? timestampProblem(meant) ?? ''
}
