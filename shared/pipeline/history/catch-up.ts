import { type Cursor, formatCursor, type TopicCursor } from '#shared/core/cursor.ts'
import type { PositionedEvent } from '#shared/core/event.ts'
import { type Interest, matchesInterest } from '#shared/core/interest.ts'
import type { Catalog } from '#shared/pipeline/catalog.ts'
import type { EventStore, Stream } from '#shared/pipeline/ports.ts'
import { standAt } from './find-unread.ts'
import { PAGE_SCAN, pageRoom } from './page-room.ts'

/** One page of what a reader missed. The reader is up to date when a page's cursor is the one it asked with. */
export type CatchUpPage = {
  readonly events: readonly PositionedEvent[]
  readonly cursor: string
  readonly recovered: boolean
}

/**
 * Reads what lies above a cursor, oldest first within each partition: the polling fallback of a socket, over the same
 * log and cursor. Without a cursor it answers where the log stands now. Throws Refusal `malformed` for a bad cursor.
 */
export async function catchUp(
  interest: Interest,
  cursor: string | undefined,
  limit: number,
  { store, catalog }: { store: EventStore; catalog: Catalog },
): Promise<CatchUpPage> {
  const standing = await standAt(cursor ?? 'latest', catalog.topicsTouched(interest.channels), store)
  const reached = new Map<string, TopicCursor>(standing.heads)
  const events: PositionedEvent[] = []
  const room = pageRoom()
  let scanLeft = PAGE_SCAN
  // The partition with the most to read comes first: one that grows as fast as it is read does not starve the others.
  const byBacklog = [...standing.remainders].sort(
    (a, b) => b.head.offset - b.after - (a.head.offset - a.after),
  )
  for (const { after, head, ...stream } of byBacklog) {
    const last = await readPartition(stream, after, head.offset)
    moveBack(reached, stream, last)
  }
  return { events, cursor: formatCursor(reached), recovered: standing.lost === null }

  async function readPartition(stream: Stream, after: number, upTo: number): Promise<number> {
    let last = after
    while (last < upTo) {
      const most = Math.min(limit - events.length, scanLeft, 500)
      if (most <= 0 || room.isFull()) return last
      const page = await store.read(stream, { after: last, upTo, limit: most })
      for (const { timestamp: _, ...positioned } of page) {
        if (matchesInterest(interest, positioned.event)) {
          if (!room.take(positioned)) return last
          events.push(positioned)
        }
        last = positioned.offset
      }
      scanLeft -= page.length
      if (page.length < most) return upTo
    }
    return last
  }
}

function moveBack(reached: Map<string, TopicCursor>, { topic, partition }: Stream, last: number): void {
  const entry = reached.get(topic)
  if (entry === undefined) return
  const offsets = new Map((reached as Cursor).get(topic)?.offsets)
  if (last < 0) offsets.delete(partition)
  else offsets.set(partition, last)
  reached.set(topic, { epoch: entry.epoch, offsets })
}
