import {
  type DocumentClient,
  GetCommand,
  PutCommand,
  UpdateCommand,
} from '#shared/adapters/dynamodb/commands.ts'
import { type Item, queryAll, succeeds } from '#shared/adapters/dynamodb/dynamo-requests.ts'
import { erasedForm } from '#shared/core/erasure.ts'
import type { CloudEvent } from '#shared/core/event.ts'
import { parseExactJson } from '#shared/core/json/exact-json.ts'
import { storedFor } from '#shared/core/retention.ts'
import type { EventStore, Stream } from '#shared/pipeline/ports.ts'
import { type EventTable, streamKey } from './event-reads.ts'

/**
 * Erasing in the EventStore. The mark of an erased event is kept for as long as an event that is stored now: Kafka does
 * not keep the record of an older event for longer.
 */
export function erasedEvents(
  client: DocumentClient,
  { table, retention, now = Date.now }: EventTable,
): Pick<EventStore, 'erase' | 'erasures'> {
  const get = async (key: Item): Promise<Item | undefined> =>
    (await client.send(new GetCommand({ TableName: table, Key: key, ConsistentRead: true }))).Item

  /** Returns when the event was erased first. */
  const mark = async (stream: Stream, offset: number, at: string): Promise<string> => {
    const key = { stream: erasedKey(stream), offset }
    const expires = Math.floor(now() / 1000) + storedFor(retention.ofTopic(stream.topic))
    const put = new PutCommand({
      TableName: table,
      Item: { ...key, at, expires },
      ConditionExpression: 'attribute_not_exists(#at)',
      ExpressionAttributeNames: { '#at': 'at' },
    })
    if (await succeeds(client.send(put))) return at
    return String((await get(key))?.at ?? at)
  }

  return {
    async erase(stream, offset, at) {
      // The mark comes first: a worker that stores the event again afterwards looks for it (docs/adr/0032).
      const first = await mark(stream, offset, at)
      const key = { stream: streamKey(stream), offset }
      const stored = await get(key)
      if (stored === undefined) return
      const update = new UpdateCommand({
        TableName: table,
        Key: key,
        UpdateExpression: 'SET #event = :event',
        ConditionExpression: 'attribute_exists(#event)',
        ExpressionAttributeNames: { '#event': 'event' },
        ExpressionAttributeValues: {
          ':event': JSON.stringify(erasedForm(parseExactJson(String(stored.event)) as CloudEvent, first)),
        },
      })
      await succeeds(client.send(update))
    },

    async erasures(stream, { from, to }) {
      const items = await queryAll(client, {
        TableName: table,
        ConsistentRead: true,
        KeyConditionExpression: '#stream = :stream AND #offset BETWEEN :from AND :to',
        ExpressionAttributeNames: { '#stream': 'stream', '#offset': 'offset' },
        ExpressionAttributeValues: { ':stream': erasedKey(stream), ':from': from, ':to': to },
      })
      return new Map(items.map((item) => [Number(item.offset), String(item.at)]))
    },
  }
}

/** The hash key of the marks of a stream's erased events. */
function erasedKey(stream: Stream): string {
  return `erased#${streamKey(stream)}`
}
