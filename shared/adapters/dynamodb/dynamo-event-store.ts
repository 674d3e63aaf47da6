import { type DynamoDBDocumentClient, GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { nameEpoch } from '#shared/pipeline/history/topic-state.ts'
import type { EventStore, Head, StoredEvent, Stream } from '#shared/pipeline/ports.ts'
import { type Item, isConditionFailure, putAll, queryAll, succeeds } from './dynamo-requests.ts'

// One table, key (stream, offset):
//   (container-events@0mh3k2x9a7b:0, 12)  an event: its JSON, the record's timestamp, when it expires
//   (heads#container-events, -1)           the topic's epoch
//   (heads#container-events, 0)            partition 0: epoch, head, first offset, timestamp
const EPOCH_ITEM = -1
const LATE = 'expires <= :now'

type Options = { readonly table: string; readonly retentionDays: number }

/** The EventStore on DynamoDB. Events expire `retentionDays` after they were stored. */
export function dynamoEventStore(
  client: DynamoDBDocumentClient,
  { table, retentionDays }: Options,
): EventStore {
  const beginEpoch = async (topic: string, old?: string): Promise<string> => {
    const epoch = nameEpoch(Date.now(), Math.random(), old)
    const condition =
      old === undefined
        ? { ConditionExpression: 'attribute_not_exists(epoch)' }
        : { ConditionExpression: 'epoch = :old', ExpressionAttributeValues: { ':old': old } }
    const item = { stream: headsOf(topic), offset: EPOCH_ITEM, epoch }
    try {
      await client.send(new PutCommand({ TableName: table, Item: item, ...condition }))
      return epoch
    } catch (error) {
      if (!isConditionFailure(error)) throw error
      const key = { stream: item.stream, offset: EPOCH_ITEM }
      const { Item } = await client.send(new GetCommand({ TableName: table, Key: key, ConsistentRead: true }))
      return String(Item?.epoch)
    }
  }

  return {
    async topic(topic) {
      const items = await queryAll(client, {
        TableName: table,
        ConsistentRead: true,
        KeyConditionExpression: '#stream = :stream',
        ExpressionAttributeNames: { '#stream': 'stream' },
        ExpressionAttributeValues: { ':stream': headsOf(topic) },
      })
      const known = items.find(({ offset }) => offset === EPOCH_ITEM)?.epoch
      const epoch = known === undefined ? await beginEpoch(topic) : String(known)
      const heads = items.filter((item) => item.offset !== EPOCH_ITEM && item.epoch === epoch)
      return { epoch, heads: new Map(heads.map((item) => [Number(item.offset), toHead(item)])) }
    },

    renewEpoch: (topic, old) => beginEpoch(topic, old),

    async put(stream, events) {
      const expires = Math.floor(Date.now() / 1000) + retentionDays * 86_400
      const items = events.map(({ offset, timestamp, event }) => ({
        stream: streamKey(stream),
        offset,
        timestamp,
        expires,
        event: JSON.stringify(event),
      }))
      await putAll(client, table, items)
    },

    async advance({ topic, epoch, partition }, { offset: head, first, timestamp }) {
      const key = { stream: headsOf(topic), offset: partition }
      const update = new UpdateCommand({
        TableName: table,
        Key: key,
        UpdateExpression: 'SET epoch = :epoch, head = :head, #first = :first, #time = :time',
        ConditionExpression: 'attribute_not_exists(epoch) OR (epoch = :epoch AND head < :head)',
        ExpressionAttributeNames: { '#first': 'first', '#time': 'timestamp' },
        ExpressionAttributeValues: { ':epoch': epoch, ':head': head, ':first': first, ':time': timestamp },
      })
      const put = new PutCommand({
        TableName: table,
        Item: { ...key, epoch, head, first, timestamp },
        ConditionExpression: 'epoch < :epoch',
        ExpressionAttributeValues: { ':epoch': epoch },
      })
      if (!(await succeeds(client.send(update)))) await succeeds(client.send(put))
    },

    async read(stream, { after, upTo, limit, newestFirst = false }) {
      if (upTo <= after || limit <= 0) return []
      const items = await queryAll(
        client,
        {
          TableName: table,
          ConsistentRead: true,
          ScanIndexForward: !newestFirst,
          KeyConditionExpression: '#stream = :stream AND #offset BETWEEN :from AND :to',
          FilterExpression: `NOT ${LATE}`,
          ExpressionAttributeNames: { '#stream': 'stream', '#offset': 'offset' },
          ExpressionAttributeValues: {
            ':stream': streamKey(stream),
            ':from': after + 1,
            ':to': upTo,
            ':now': Math.floor(Date.now() / 1000),
          },
        },
        limit,
      )
      return items.map((item) => toStoredEvent(item, stream))
    },
  }
}

function headsOf(topic: string): string {
  return `heads#${topic}`
}

function streamKey({ topic, epoch, partition }: Stream): string {
  return `${topic}@${epoch}:${partition}`
}

function toHead(item: Item): Head {
  return { offset: Number(item.head), first: Number(item.first), timestamp: Number(item.timestamp) }
}

function toStoredEvent(item: Item, { topic, partition }: Stream): StoredEvent {
  const event = JSON.parse(String(item.event))
  return { topic, partition, offset: Number(item.offset), timestamp: Number(item.timestamp), event }
}
