import { type Cursor, CursorError, formatCursor, parseCursor, type TopicCursor } from '#shared/core/cursor.ts'
import type { CloudEvent, PositionedEvent } from '#shared/core/event.ts'
import { type Interest, matchesInterest } from '#shared/core/interest.ts'
import { Refusal } from '#shared/core/refusal.ts'
import { parseTimestamp } from '#shared/core/time.ts'
import type { Catalog } from '#shared/pipeline/catalog.ts'
import type { EventStore, StoredEvent, Stream } from '#shared/pipeline/ports.ts'
import type { Access } from './access.ts'
import { PAGE_SCAN, pageRoom } from './page-room.ts'

/** Which events to list: an interest, and optionally a range of event time (milliseconds since the epoch, ends included). */
export type Query = Interest & { readonly from?: number; readonly to?: number }

/** What a list shows of an event: with the summary of its state if it has a lifecycle. */
export type Row = PositionedEvent & { readonly state?: unknown }

/** A page of history. `next` continues below it, and is null at the end. A page may be short, or even empty, before that. */
export type HistoryPage = { readonly events: readonly Row[]; readonly next: string | null }

/** Which of the matching events are listed, and as what: `admits` decides by the event alone, `select` by what it reads. */
export type Selection = {
  readonly admits: (event: CloudEvent) => boolean
  readonly select: (events: readonly PositionedEvent[]) => Promise<readonly Row[]>
  /** What an event takes in the response, in bytes, if that is not JSON. */
  readonly bytesOf?: (event: PositionedEvent) => number
}

export type ListDeps = {
  readonly store: EventStore
  readonly catalog: Catalog
  readonly access: Access
  /** Whether the time of the request is nearly over: the page then ends with what it has, and `next` goes on. */
  readonly isLate?: () => boolean
}

const EVERYTHING: Selection = { admits: () => true, select: async (events) => events }

/** The maximum and the default number of events in a page. */
export const PAGE_LIMITS = { most: 500, usual: 50 } as const

/** The same for a page of CSV. */
export const CSV_LIMITS = { most: 5000, usual: 1000 } as const

/** How many events of a partition are read at once. */
const READ_AHEAD = 100

/**
 * Lists events, newest record first, across the partitions of all topics that the query touches. Returns a page of at
 * most `limit` rows, without what the reader may not see. Throws Refusal `malformed` for a bad `next`, `forbidden` if the
 * reader may see nothing of the channels.
 */
export async function listEvents(
  query: Query,
  next: string | undefined,
  limit: number,
  { store, catalog, access, isLate = () => false }: ListDeps,
  { admits, select, bytesOf }: Selection = EVERYTHING,
): Promise<HistoryPage> {
  const topics = access.topics(access.readable(query.channels), catalog)
  const below = await startingPoint(next, topics, store)
  const sources = [...below].flatMap(([topic, { epoch, offsets }]) =>
    [...offsets].map(([partition, offset]) => readBackwards({ topic, epoch, partition }, offset, store)),
  )
  const rows: Row[] = []
  const room = pageRoom(bytesOf)
  let scanned = 0
  let isDone = false
  while (!isDone && rows.length < limit)
    rows.push(...(await select(await nextCandidates(limit - rows.length))))
  const heads = await Promise.all(sources.map((source) => source.peek()))
  return { events: rows, next: heads.every((head) => head === undefined) ? null : cursorAt(below, heads) }

  async function nextCandidates(max: number): Promise<PositionedEvent[]> {
    const candidates: PositionedEvent[] = []
    for (; scanned < PAGE_SCAN && candidates.length < max; scanned++) {
      if (scanned > 0 && isLate()) break
      const heads = await Promise.all(sources.map((source) => source.peek()))
      const youngest = indexOfYoungest(heads)
      const stored = heads[youngest]
      if (stored === undefined) break
      const { timestamp: _, ...positioned } = stored
      const { event } = positioned
      if (matchesQuery(query, positioned) && access.admits(event) && admits(event)) {
        if (!room.take(positioned)) break
        candidates.push(positioned)
      }
      sources[youngest]?.take()
    }
    isDone = candidates.length < max
    return candidates
  }
}

function matchesQuery({ from, to, ...interest }: Query, { event }: PositionedEvent): boolean {
  const time = parseTimestamp(event.time) ?? Number.NaN
  if ((from !== undefined && !(time >= from)) || (to !== undefined && !(time <= to))) return false
  return matchesInterest(interest, event)
}

async function startingPoint(
  next: string | undefined,
  topics: readonly string[],
  store: EventStore,
): Promise<Cursor> {
  if (next) return existing(readNext(next), topics, store)
  const cursor = new Map<string, TopicCursor>()
  for (const topic of topics) {
    const { epoch, heads } = await store.topic(topic)
    cursor.set(topic, {
      epoch,
      offsets: new Map([...heads].map(([partition, { offset }]) => [partition, offset])),
    })
  }
  return cursor
}

function readNext(next: string): Cursor {
  try {
    return parseCursor(next)
  } catch (error) {
    if (error instanceof CursorError) throw refuseNext('is not one that a page of events gave')
    throw error
  }
}

function refuseNext(reason: string): Refusal {
  return new Refusal('malformed', `"next" ${reason}; leave it out to start with the newest.`)
}

/**
 * Returns a cursor that a page of this query can have given. One of another query, of another stack, or of a topic that
 * was created again would show nothing, or events twice. Throws Refusal `malformed` with the reason.
 */
async function existing(below: Cursor, topics: readonly string[], store: EventStore): Promise<Cursor> {
  const other = [...below.keys()].find((topic) => !topics.includes(topic))
  if (other !== undefined) throw refuseNext(`is of another query: this one does not read the topic ${other}`)
  await Promise.all(
    [...below].map(async ([topic, { epoch, offsets }]) => {
      const now = await store.topic(topic)
      if (now.epoch !== epoch) throw refuseNext(`is of an earlier ${topic}, which was created again since`)
      for (const [partition, offset] of offsets)
        if (offset > (now.heads.get(partition)?.offset ?? -1))
          throw refuseNext(`is beyond what there is of ${topic}-${partition}`)
    }),
  )
  return below
}

/** Reads a partition from `offset` downwards, a page at a time. `peek` returns the next event without taking it. */
function readBackwards(stream: Stream, offset: number, store: EventStore) {
  let page: StoredEvent[] = []
  let upTo = offset
  let isExhausted = false
  return {
    async peek(): Promise<StoredEvent | undefined> {
      if (page.length === 0 && !isExhausted) {
        page = await store.read(stream, { after: -1, upTo, limit: READ_AHEAD, newestFirst: true })
        isExhausted = page.length < READ_AHEAD
        upTo = (page.at(-1)?.offset ?? 0) - 1
      }
      return page[0]
    },
    take: () => void page.shift(),
  }
}

function indexOfYoungest(heads: readonly (StoredEvent | undefined)[]): number {
  let best = -1
  for (const [index, head] of heads.entries())
    if (head && head.timestamp > (heads[best]?.timestamp ?? Number.NEGATIVE_INFINITY)) best = index
  return best
}

function cursorAt(below: Cursor, heads: readonly (StoredEvent | undefined)[]): string {
  const left = new Map<string, TopicCursor>()
  for (const head of heads) {
    const epoch = head && below.get(head.topic)?.epoch
    if (head === undefined || epoch === undefined) continue
    const offsets = new Map(left.get(head.topic)?.offsets).set(head.partition, head.offset)
    left.set(head.topic, { epoch, offsets })
  }
  return formatCursor(left)
}
