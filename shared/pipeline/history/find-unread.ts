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

/**
 * What is still to be read of one partition: everything above `after`, up to the head. What has expired is below `after`,
 * or the stream has no event yet.
 */
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
 * heads are read first: since a head is advanced before anything is pushed (docs/architecture.md, I1), what is not
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
  const found = await Promise.all(
    states.flatMap(([topic, { epoch, heads: partitions }]) =>
      [...partitions].map(([partition, head]) => compare(start, { topic, epoch, partition }, head, store)),
    ),
  )
  const isEpochOver = states.some(([topic, { epoch }]) => isOfOtherEpoch(start, topic, epoch))
  const isTrimmed = found.some((one) => one.isTrimmed)
  return {
    heads,
    remainders: found.map((one) => one.remainder).filter(({ after, head }) => after < head.offset),
    lost: isEpochOver ? 'epoch' : isTrimmed ? 'trimmed' : null,
  }
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

function isOfOtherEpoch({ cursor }: Start, topic: string, epoch: string): boolean {
  return cursor?.has(topic) === true && cursor.get(topic)?.epoch !== epoch
}

/** Compares a starting point with one partition. */
async function compare(
  start: Start,
  stream: Stream,
  head: Head,
  store: EventStore,
): Promise<{ readonly remainder: Remainder; readonly isTrimmed: boolean }> {
  const above = (after: number) => ({ ...stream, after, head })
  if (start.from === 'latest') return { remainder: above(head.offset), isTrimmed: false }
  if (start.time !== undefined) {
    const first = await store.firstSince(stream, head, start.time)
    return { remainder: above(first - 1), isTrimmed: false }
  }
  const isOther = isOfOtherEpoch(start, stream.topic, stream.epoch)
  const after = start.cursor && !isOther ? offsetSeen(start.cursor, stream.topic, stream.partition) : -1
  if (after >= head.offset) return { remainder: above(after), isTrimmed: false }
  const first = await store.firstLive(stream, head, after)
  return {
    remainder: above(first - 1),
    isTrimmed: start.cursor !== undefined && !isOther && first > after + 1,
  }
}
