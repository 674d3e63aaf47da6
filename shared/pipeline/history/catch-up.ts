import { type Cursor, formatCursor, type TopicCursor } from '#shared/core/cursor.ts'
import type { PositionedEvent } from '#shared/core/event.ts'
import { type Interest, matchesInterest } from '#shared/core/interest.ts'
import type { Catalog } from '#shared/pipeline/catalog.ts'
import { type Clock, type Pauses, pollWithin } from '#shared/pipeline/poll.ts'
import type { EventStore, Stream } from '#shared/pipeline/ports.ts'
import type { Access } from './access.ts'
import { findUnread, type Lost } from './find-unread.ts'
import { PAGE_SCAN, pageRoom } from './page-room.ts'

/** One page of what a reader missed. The reader is up to date if the page's cursor equals the one it asked with. */
export type CatchUpPage = {
  readonly events: readonly PositionedEvent[]
  readonly cursor: string
  readonly recovered: boolean
  /** Why it is not recovered. */
  readonly reason?: Lost
}

export type CatchUpDeps = {
  readonly store: EventStore
  readonly catalog: Catalog
  readonly access: Access
  /** Whether the time of the request is nearly over: the page then ends with what it has, and its cursor goes on. */
  readonly isLate?: () => boolean
}

/** The pauses of a page that is held. Each look at an unchanged store costs one query for each topic of the interest. */
const PAUSES: Pauses = { firstMs: 100, maxMs: 1000 }

/** The maximum number of events in one read of the store, and how much larger each read is than the one before. */
const READ_AT_ONCE = 500
const READ_GROWTH = 4

/**
 * Reads what is above a cursor, oldest first within each partition: the polling fallback of a socket, on the same
 * store and cursor. Returns a page of at most `limit` events and the cursor behind it; without a cursor, an empty page
 * with the present heads. What the reader may not see is passed over. Throws Refusal `malformed` for a bad cursor,
 * `forbidden` if the reader may see nothing of the channels.
 */
export async function catchUp(
  interest: Interest,
  cursor: string | undefined,
  limit: number,
  { store, catalog, access, isLate = () => false }: CatchUpDeps,
): Promise<CatchUpPage> {
  const topics = access.topics(access.readable(interest.channels), catalog)
  const unread = await findUnread(cursor ?? 'latest', topics, store, catalog.names)
  const events: PositionedEvent[] = []
  const reached: Reached[] = []
  const room = pageRoom()
  let scanLeft = PAGE_SCAN
  let hasRead = false
  // Sorted by the number of unread events, so a partition that grows as fast as it is read does not starve the others.
  const byBacklog = [...unread.remainders].sort((a, b) => b.head.offset - b.after - (a.head.offset - a.after))
  for (const { after, head, ...stream } of byBacklog)
    reached.push({ ...stream, offset: await readPartition(stream, after, head.offset) })
  return {
    events,
    cursor: formatCursor(cursorAt(unread.heads, reached)),
    recovered: unread.lost === null,
    ...(unread.lost && { reason: unread.lost }),
  }

  /** Returns the last offset that the page includes. */
  async function readPartition(stream: Stream, after: number, upTo: number): Promise<number> {
    let last = after
    for (let size = limit; last < upTo; size *= READ_GROWTH) {
      const max = Math.min(size, scanLeft, READ_AT_ONCE)
      if (max <= 0 || events.length >= limit || room.isFull() || (hasRead && isLate())) return last
      const page = await store.read(stream, { after: last, upTo, limit: max, alsoExpired: true })
      hasRead = true
      for (const { timestamp: _, ...positioned } of page) {
        if (matchesInterest(interest, positioned.event) && access.admits(positioned.event)) {
          if (events.length >= limit || !room.take(positioned)) return last
          events.push(positioned)
        }
        last = positioned.offset
      }
      scanLeft -= page.length
      if (page.length < max) return upTo
    }
    return last
  }
}

/**
 * Reads a page as `catchUp` does. If it has no event, looks again until one comes, at most for `waitMs`. Returns an
 * empty page if none comes, with the cursor behind what was looked through. What is not `recovered` is returned at
 * once, and so is a page without a cursor, which asks for the present one. Throws what `catchUp` throws.
 */
export async function awaitEvents(
  interest: Interest,
  cursor: string | undefined,
  { limit, waitMs }: { readonly limit: number; readonly waitMs: number },
  { clock, ...deps }: CatchUpDeps & { readonly clock: Clock },
): Promise<CatchUpPage> {
  let reached = cursor
  const look = async () => {
    const page = await catchUp(interest, reached, limit, deps)
    reached = page.cursor
    return page.events.length > 0 || !page.recovered ? page : null
  }
  const found = await pollWithin(look, cursor === undefined ? 0 : waitMs, clock, PAUSES)
  return found ?? { events: [], cursor: reached ?? '', recovered: true }
}

/** How far a partition was read; -1 for not at all. */
type Reached = Stream & { readonly offset: number }

/** The heads, moved back to what was read. */
function cursorAt(heads: Cursor, reached: readonly Reached[]): Cursor {
  const byTopic = Map.groupBy(reached, ({ topic }) => topic)
  return new Map(
    [...heads].map(([topic, { epoch, offsets }]): [string, TopicCursor] => {
      const moved = new Map(offsets)
      for (const { partition, offset } of byTopic.get(topic) ?? [])
        if (offset < 0) moved.delete(partition)
        else moved.set(partition, offset)
      return [topic, { epoch, offsets: moved }]
    }),
  )
}
