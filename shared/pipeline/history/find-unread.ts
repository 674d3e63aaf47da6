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
  readonly lost: Lost | null
  /** The topics in which the reader's cursor is ahead of the log: where the log ends there. */
  readonly ahead: Cursor
}

/** Why a reader cannot continue from its cursor. */
export type Lost = Exclude<NotRecovered, 'too_far'>

/**
 * Compares a starting point (`latest`, `earliest`, a cursor or an RFC 3339 time) with the heads of the topics. The
 * heads are read first: since a head is advanced before anything is pushed (docs/architecture.md, I1), what is not
 * in the remainders will be pushed. Throws Refusal `malformed` for a starting point that is none of the four.
 *
 * No reader gets a position above the head (I1). So a cursor that has one, or a partition or a topic that does not exist,
 * is of a log that was restored to an earlier state or never was this one. Nothing says which events its reader has seen:
 * what the log has of the partition is all to be read, as after a new epoch. `known` are all topics that there are, by
 * default those to be read.
 */
export async function findUnread(
  since: string,
  topics: readonly string[],
  store: EventStore,
  known: readonly string[] | null = null,
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
  const ahead = new Map([...heads].filter(([topic, end]) => isAhead(start, topic, end)))
  const isUnknown =
    known !== null && [...(start.cursor?.keys() ?? [])].some((topic) => !known.includes(topic))
  return {
    heads,
    remainders: found.map((one) => one.remainder).filter(({ after, head }) => after < head.offset),
    lost: isEpochOver ? 'epoch' : ahead.size > 0 || isUnknown ? 'ahead' : isTrimmed ? 'trimmed' : null,
    ahead,
  }
}

/** Whether a start is above the end of a partition, or in a partition that the topic does not have. */
function isAhead({ cursor }: Start, topic: string, { epoch, offsets }: TopicCursor): boolean {
  const own = cursor?.get(topic)
  if (own === undefined || own.epoch !== epoch) return false
  return [...own.offsets].some(([partition, offset]) => offset > (offsets.get(partition) ?? -1))
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
  const seen = start.cursor && !isOther ? offsetSeen(start.cursor, stream.topic, stream.partition) : -1
  if (seen === head.offset) return { remainder: above(seen), isTrimmed: false }
  const after = seen > head.offset ? -1 : seen
  const first = await store.firstLive(stream, head, after)
  return {
    remainder: above(first - 1),
    isTrimmed: start.cursor !== undefined && !isOther && first > after + 1,
  }
}
