import { parseTimestamp } from './time.ts'

/** How far the time of an event may be ahead of its record's, in seconds, where a domain says nothing. */
export const MAX_LEAD_SECONDS = 300

/** What the sources of events begin with that follow from another, at whose time they are. */
export const FOLLOW_UP_SOURCE = 'urn:tidewire:fold:'

/**
 * Whether the time of an event is further ahead of its record's than `maxLead` seconds: the clock of its producer is fast,
 * or the time is wrong. Such an event moves nothing, because what came after it would be late (docs/adr/0049). `loggedAt`
 * is the timestamp of the record in milliseconds since 1970: so everybody who reads the record comes to the same
 * result, whenever that is. A record without a timestamp has a negative one. An event that follows from another is not
 * judged again, because the other one was.
 */
export function isAhead(
  { time, source }: { readonly time?: string; readonly source: string },
  loggedAt: number,
  maxLead: number,
): boolean {
  if (time === undefined || loggedAt < 0 || source.startsWith(FOLLOW_UP_SOURCE)) return false
  const at = parseTimestamp(time)
  return at !== null && at - loggedAt > maxLead * 1000
}
