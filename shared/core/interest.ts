import { matchesChannel } from './channel.ts'
import type { CloudEvent } from './event.ts'

/** The attributes of an event that a filter can ask for. Of `type` it takes patterns. */
export const FILTER_FIELDS = ['severity', 'type', 'subject'] as const
export type FilterField = (typeof FILTER_FIELDS)[number]

/** Narrows a subscription: every list that is given must contain a match. */
export type Filter = { readonly [Field in FilterField]?: readonly string[] }

/** What a client asked for: channel patterns and a filter. */
export type Interest = { readonly channels: readonly string[]; readonly filter?: Filter }

/** Whether an event passes a filter. */
export function passesFilter(filter: Filter | undefined, event: CloudEvent): boolean {
  if (filter === undefined) return true
  if (filter.severity && !filter.severity.includes(event.severity ?? '')) return false
  if (filter.subject && !filter.subject.includes(event.subject ?? '')) return false
  return !filter.type || filter.type.some((pattern) => matchesChannel(pattern, event.type))
}

/** Whether an event is one that this interest asked for. The server and the client decide by this same rule. */
export function matchesInterest({ channels, filter }: Interest, event: CloudEvent): boolean {
  const { category } = event
  return (
    category !== undefined &&
    channels.some((pattern) => matchesChannel(pattern, category)) &&
    passesFilter(filter, event)
  )
}
