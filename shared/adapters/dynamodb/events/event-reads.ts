import { type DocumentClient, QueryCommand } from '#shared/adapters/dynamodb/commands.ts'
import { getAll, type Item, queryAll, queryPages } from '#shared/adapters/dynamodb/dynamo-requests.ts'
import type { CloudEvent, Position } from '#shared/core/event.ts'
import { parseExactJson } from '#shared/core/json/exact-json.ts'
import { graceOf, type Retention } from '#shared/core/retention.ts'
import type { EventStore, StoredEvent, Stream } from '#shared/pipeline/ports.ts'
import { type LiveEdge, liveEdge, type Seen, type SeenLooks } from './live-edge.ts'
import type { Bounds } from './search-first.ts'

export type EventTable = {
  readonly table: string
  readonly retention: Pick<Retention, 'ofTopic'>
  /** Returns milliseconds since 1970. */
  readonly now?: () => number
}

/** The attributes of an item that a look shows. */
const SEEN = {
  ProjectionExpression: '#offset, #timestamp, storedAt, expires',
  ExpressionAttributeNames: { '#offset': 'offset', '#timestamp': 'timestamp' },
}

/**
 * The reads of the EventStore. Events expire in the order of their offsets, so no query has a filter: it reads what it
 * returns, and begins at the live edge (docs/adr/0025).
 */
export function eventReads(
  client: DocumentClient,
  { table, retention, now = Date.now }: EventTable,
): Pick<EventStore, 'read' | 'firstLive' | 'firstSince'> {
  const edges = new Map<string, LiveEdge>()
  return {
    firstLive: (stream, head, after) => edgeOf(stream).firstLive(head, after),

    firstSince: (stream, head, time) => edgeOf(stream).firstSince(head, time),

    async read(stream, { after, upTo, limit, newestFirst = false, alsoExpired = false }) {
      const from = alsoExpired ? after + 1 : Math.max(after + 1, edgeOf(stream).bottom())
      if (upTo < from || limit <= 0) return []
      const read = newestFirst ? readDown : alsoExpired ? readStored : readUp
      const items = await read(stream, { from, to: upTo }, limit)
      return items.map((item) => toStoredEvent(item, stream))
    },
  }

  function readStored(stream: Stream, range: Bounds, limit: number): Promise<Item[]> {
    return queryAll(client, rangeQuery(stream, range), limit)
  }

  /** Reads on from the first event that has not expired, if the first one has. */
  async function readUp(stream: Stream, range: Bounds, limit: number): Promise<Item[]> {
    const found: Item[] = []
    const pages = queryPages(client, rangeQuery(stream, range), () => limit - found.length)
    for await (const { items } of pages) {
      const [first] = items
      if (found.length === 0 && first && !isLive(first, stream)) {
        edgeOf(stream).note(toSeen(first, stream), undefined)
        const from = await edgeOf(stream).search(range)
        if (from > range.to) return []
        return readStored(stream, { from, to: range.to }, limit)
      }
      found.push(...items)
    }
    return found
  }

  /** Reads up to the first event that has expired. */
  async function readDown(stream: Stream, range: Bounds, limit: number): Promise<Item[]> {
    const found: Item[] = []
    const query = { ...rangeQuery(stream, range), ScanIndexForward: false }
    for await (const { items } of queryPages(client, query, () => limit - found.length)) {
      const end = items.findIndex((item) => !isLive(item, stream))
      found.push(...(end === -1 ? items : items.slice(0, end)))
      const expired = items[end]
      if (expired === undefined) continue
      const above = found.at(-1)
      edgeOf(stream).note(toSeen(expired, stream), above && toSeen(above, stream))
      return found
    }
    return found
  }

  function rangeQuery(stream: Stream, { from, to }: Bounds) {
    return {
      TableName: table,
      ConsistentRead: true,
      KeyConditionExpression: '#stream = :stream AND #offset BETWEEN :from AND :to',
      ExpressionAttributeNames: { '#stream': 'stream', '#offset': 'offset' },
      ExpressionAttributeValues: { ':stream': streamKey(stream), ':from': from, ':to': to },
    }
  }

  function edgeOf(stream: Stream): LiveEdge {
    const key = streamKey(stream)
    const known = edges.get(key) ?? liveEdge(looksAt(stream), now)
    edges.set(key, known)
    return known
  }

  function looksAt(stream: Stream): SeenLooks {
    const end = async (range: Bounds, isFirst: boolean) => {
      const query = rangeQuery(stream, range)
      const names = { ...query.ExpressionAttributeNames, ...SEEN.ExpressionAttributeNames }
      const { Items: [item] = [] } = await client.send(
        new QueryCommand({
          ...query,
          ...SEEN,
          ExpressionAttributeNames: names,
          Limit: 1,
          ScanIndexForward: isFirst,
        }),
      )
      return item && toSeen(item, stream)
    }
    return {
      first: (range) => end(range, true),
      last: (range) => end(range, false),
      at: async (offsets) => {
        const keys = offsets.map((offset) => ({ stream: streamKey(stream), offset }))
        const items = await getAll(client, table, keys, SEEN)
        return items.map((item) => toSeen(item, stream)).sort((a, b) => a.offset - b.offset)
      },
    }
  }

  /**
   * An event can be read for the retention of its topic after it was stored: for the one of that time, or for that of
   * now if it is shorter. So events end oldest first after a change of the setting too.
   */
  function toSeen({ offset, timestamp, storedAt, expires }: Item, { topic }: Stream): Seen {
    const promised = retention.ofTopic(topic)
    const asSet = Number(expires) - graceOf(promised)
    const until = storedAt === undefined ? asSet : Math.min(asSet, Number(storedAt) + promised)
    return { offset: Number(offset), timestamp: Number(timestamp), until: until * 1000 }
  }

  function isLive(item: Item, stream: Stream): boolean {
    return toSeen(item, stream).until > now()
  }
}

/** The hash key of a stream's events. */
export function streamKey({ topic, epoch, partition }: Stream): string {
  return `${topic}@${epoch}:${partition}`
}

function toStoredEvent(item: Item, { topic, partition }: Stream): StoredEvent {
  const event = parseExactJson(String(item.event)) as CloudEvent
  const { offset, timestamp, ahead, replayOf } = item
  return {
    topic,
    partition,
    offset: Number(offset),
    timestamp: Number(timestamp),
    event,
    ...(ahead === true && { ahead }),
    ...(replayOf !== undefined && { replayOf: replayOf as Position }),
  }
}
