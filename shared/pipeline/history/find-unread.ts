import { type Cursor, CursorError, offsetSeen, parseCursor, type TopicCursor } from '#shared/core/cursor.ts'
import type { NotRecovered } from '#shared/core/messages.ts'
import { Refusal } from '#shared/core/refusal.ts'
import { parseTimestamp } from '#shared/core/time.ts'
import type { EventStore, Head, StoredEvent, Stream, TopicState } from '#shared/pipeline/ports.ts'

/** What is still to be read of one partition: everything above `after` up to the head. */
export type Remainder = Stream & { readonly after: number; readonly head: Head }

/** Where a reader stands: the heads, what it has not seen, and what it can no longer see. */
export type Standing = {
  readonly heads: Cursor
  readonly remainders: readonly Remainder[]
  readonly lost: Extract<NotRecovered, 'trimmed' | 'epoch'> | null
}

/**
 * Compares a starting point (`latest`, `earliest`, a cursor or an RFC 3339 time) with the heads of the topics.
 * Reads the heads first: with the head advanced before anything is pushed (I1), what is not in the remainders will
 * be pushed. Throws Refusal `malformed` for text that is none of the four.
 */
export async function standAt(
  since: string,
  topics: readonly string[],
  store: EventStore,
): Promise<Standing> {
  const start = parseSince(since)
  const states = await Promise.all(topics.map(async (topic) => [topic, await store.topic(topic)] as const))
  const heads = new Map(states.map(([topic, state]) => [topic, cursorOf(state)]))
  let lost: Standing['lost'] = null
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

type Start = { cursor?: Cursor; time?: number; from?: 'latest' | 'earliest' }

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

/** Binary search by record time, which grows with the offset but for the skew of producers' clocks. */
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

/** Events expire oldest first: if the one at the cursor, or the stream's first, is still there, none after it is lost. */
async function isTrimmed(stream: Stream, after: number, head: Head, store: EventStore): Promise<boolean> {
  if (head.first > head.offset) return false // no event so far
  const [kept] = await store.read(stream, { after: -1, upTo: after + 1, limit: 1, newestFirst: true })
  if (kept !== undefined) return false
  const [first] = await store.read(stream, { after: head.first - 1, upTo: head.offset, limit: 1 })
  return first === undefined || first.offset !== head.first
}

/** Merges per-partition lists into one, oldest record first, keeping the order within each partition. */
export function mergeByTime(lists: readonly (readonly StoredEvent[])[]): StoredEvent[] {
  const queues = lists.map((list) => ({ list, next: 0 }))
  const merged: StoredEvent[] = []
  for (;;) {
    let best: { list: readonly StoredEvent[]; next: number } | undefined
    for (const queue of queues) {
      const candidate = queue.list[queue.next]
      if (candidate && candidate.timestamp < (best?.list[best.next]?.timestamp ?? Number.POSITIVE_INFINITY))
        best = queue
    }
    const event = best?.list[best.next]
    if (best === undefined || event === undefined) return merged
    merged.push(event)
    best.next++
  }
}
