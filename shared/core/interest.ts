import { matchesChannel } from './channel.ts'
import { ERASED_TYPE } from './erasure.ts'
import type { CloudEvent } from './event.ts'

/** The attributes of an event that a filter can match. The values for `type` are patterns. */
export const FILTER_FIELDS = ['severity', 'type', 'subject'] as const
export type FilterField = (typeof FILTER_FIELDS)[number]

/** Restricts a subscription: every list that is present must contain a match. */
export type Filter = { readonly [Field in FilterField]?: readonly string[] }

/** The events that a client subscribes to: channel patterns and a filter. */
export type Interest = { readonly channels: readonly string[]; readonly filter?: Filter }

/**
 * Whether an event passes a filter. An erasure always does: what it erases may have passed it, and no longer shows it.
 */
export function passesFilter(filter: Filter | undefined, event: CloudEvent): boolean {
  if (filter === undefined || event.type === ERASED_TYPE) return true
  if (filter.severity && !filter.severity.includes(event.severity ?? '')) return false
  if (filter.subject && !filter.subject.includes(event.subject ?? '')) return false
  return !filter.type || filter.type.some((pattern) => matchesChannel(pattern, event.type))
}

/** Whether an event matches an interest. The server and the client use the same function, so they always agree. */
export function matchesInterest({ channels, filter }: Interest, event: CloudEvent): boolean {
  const { category } = event
  return (
    category !== undefined &&
    channels.some((pattern) => matchesChannel(pattern, category)) &&
    passesFilter(filter, event)
  )
}
