import type { PositionedEvent } from '#shared/core/event.ts'
import type { AuditData } from '#shared/domain/audit-events.ts'
import { instantOf } from '#web/ui/data/format.ts'

/** One line of the audit trail. */
export type Entry = Omit<AuditData, 'action'> & {
  /** Its position, which is unique. */
  readonly id: string
  readonly action: string
  readonly time: string
  /** The id of the trace, which the events that the request wrote have as well. */
  readonly trace?: string
}

/** What the page shows of all entries; an empty text is no filter. */
export type Filters = { readonly principal: string; readonly action: string; readonly outcome: string }

/** The page keeps so many entries. */
export const MOST_ENTRIES = 1000

export function readEntry({ topic, partition, offset, event }: PositionedEvent): Entry {
  const [, trace] = event.traceparent?.split('-') ?? []
  const data = event.data as AuditData
  return {
    ...data,
    id: `${topic}/${partition}@${offset}`,
    time: event.time ?? '',
    ...(trace && { trace }),
  }
}

/** Joins entries with those known, newest first, each once. At most 1,000 are kept: the newest. */
export function joinEntries(known: readonly Entry[], more: readonly Entry[]): readonly Entry[] {
  const byId = new Map([...known, ...more].map((entry) => [entry.id, entry]))
  if (byId.size === known.length) return known
  return [...byId.values()].sort(newestFirst).slice(0, MOST_ENTRIES)
}

function newestFirst(left: Entry, right: Entry): number {
  return instantOf(right.time) - instantOf(left.time) || (left.id < right.id ? 1 : -1)
}

/** Whether an entry passes the filters, as the server applies them. */
export function isShown({ principal, action, outcome }: Filters, entry: Entry): boolean {
  return (
    (principal === '' || principal === subjectOf(entry)) &&
    (action === '' || action === entry.action) &&
    (outcome === '' || outcome === entry.outcome)
  )
}

/** Returns the address of a page of the trail. */
export function addressOf(filters: Filters, next: string | null): string {
  const given = Object.entries({ ...filters, next: next ?? '' }).filter(([, value]) => value !== '')
  return `/audit?${new URLSearchParams([...given, ['limit', '100']])}`
}

/** The name of who acted, or where the request came from if the credentials did not say. */
export function subjectOf({ principal, address }: Entry): string {
  return principal?.name ?? address ?? 'unknown'
}

/** `dead-letters.read` → `Dead letters read`. */
export function sayAction(action: string): string {
  const words = action.replaceAll(/[.-]/g, ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}
