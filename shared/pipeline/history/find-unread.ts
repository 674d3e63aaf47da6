import {
  type Cursor,
  CursorError,
  type NotRecovered,
  offsetSeen,
  parseCursor,
  type TopicCursor,
} from '#shared/core/cursor.ts'
import { Refusal } from '#shared/core/refusal.ts'
import { parseTimestamp } from '#shared/core/time.ts'
import type { EventStore, Head, Stream, TopicState } from '#shared/pipeline/ports.ts'

/** What is still to be read of one partition: everything above `after`, up to the head. */
export type Remainder = Stream & { readonly after: number; readonly head: Head }

/** What a reader has not seen yet. `lost` says why some of it cannot be read any more, if so. */
export type Unread = {
  /** The heads of the topics, from which the reader continues after it has read the remainders. */
  readonly heads: Cursor
  readonly remainders: readonly Remainder[]
  readonly lost: Extract<NotRecovered, 'trimmed' | 'epoch'> | null
}

/**
 * Compares a starting point (`latest`, `earliest`, a cursor or an RFC 3339 time) with the heads of the topics. The
 * heads are read first: since a head is advanced before anything is pushed (docs/architecture.md, I1), whatever is not
 * in the remainders will be pushed. Throws Refusal `malformed` for a starting point that is none of the four.
 */
export async function findUnread(
  since: string,
  topics: readonly string[],
  store: EventStore,
): Promise<Unread> {
  const start = parseSince(since)
  const states = await Promise.all(topics.map(async (topic) => [topic, await store.topic(topic)] as const))
  const heads = new Map(states.map(([topic, state]) => [topic, cursorOf(state)]))
  let lost: Unread['lost'] = null
  const remainders: Remainder[] = []
  for (const [topic, { epoch, heads: partitions }] of states) {
    const isOtherEpoch = start.cursor?.has(topic) && start.cursor.get(topic)?.epoch !== epoch
    if (isOtherEpoch) lost = 'epoch'
    for (const [partition, head] of partitions) {
      const stream = { topic, epoch, partition }
      const after = isOtherEpoch ? -1 : await startOf(start, stream, head, store)
      if (after >= head.offset) continue
      remainders.push({ ...stream, after, head })
      if (start.cursor && !isOtherEpoch && (await isTrimmed(stream, after, head, store))) lost ??= 'trimmed'
    }
  }
  return { heads, remainders, lost }
}

type Start = { readonly cursor?: Cursor; readonly time?: number; readonly from?: 'latest' | 'earliest' }

function parseSince(since: string): Start {
  if (since === 'latest' || since === 'earliest') return { from: since }
  const time = parseTimestamp(since)
  if (time !== null) return { time }
  try {
    return { cursor: parseCursor(since) }
  } catch (error) {
    if (!(error instanceof CursorError)) throw error
    const detail = `"since" is "latest", "earliest", an RFC 3339 time or a cursor, but ${error.message}`
    throw new Refusal('malformed', detail, { cause: error })
  }
}

function cursorOf({ epoch, heads }: TopicState): TopicCursor {
  return { epoch, offsets: new Map([...heads].map(([partition, { offset }]) => [partition, offset])) }
}

async function startOf(
  { cursor, time, from }: Start,
  stream: Stream,
  head: Head,
  store: EventStore,
): Promise<number> {
  if (cursor) return offsetSeen(cursor, stream.topic, stream.partition)
  if (time !== undefined) return (await firstAtOrAfter(time, stream, head, store)) - 1
  return from === 'latest' ? head.offset : -1
}

/** Binary search by record time, which grows with the offset except for the skew of producers' clocks. */
async function firstAtOrAfter(time: number, stream: Stream, head: Head, store: EventStore): Promise<number> {
  let low = 0
  let high = head.offset + 1
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const [next] = await store.read(stream, { after: middle - 1, upTo: head.offset, limit: 1 })
    if (next === undefined || next.timestamp >= time) high = middle
    else low = next.offset + 1
  }
  return low
}

/**
 * Events expire oldest first: if the event at the cursor, or the stream's first, is still stored, none after it is
 * lost.
 */
async function isTrimmed(stream: Stream, after: number, head: Head, store: EventStore): Promise<boolean> {
  if (head.first > head.offset) return false // no event yet
  const [kept] = await store.read(stream, { after: -1, upTo: after + 1, limit: 1, newestFirst: true })
  if (kept !== undefined) return false
  const [first] = await store.read(stream, { after: head.first - 1, upTo: head.offset, limit: 1 })
  return first === undefined || first.offset !== head.first
}
