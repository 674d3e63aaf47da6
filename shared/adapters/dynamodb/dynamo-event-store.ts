import { storedFor } from '#shared/core/retention.ts'
import { nameEpoch } from '#shared/pipeline/history/topic-state.ts'
import type { EventStore, Head } from '#shared/pipeline/ports.ts'
import { type DocumentClient, GetCommand, PutCommand, UpdateCommand } from './commands.ts'
import { type Item, isConditionFailure, putAll, queryAll, succeeds } from './dynamo-requests.ts'
import { erasedEvents } from './events/erased-events.ts'
import { type EventTable, eventReads, streamKey } from './events/event-reads.ts'

// One table, key (stream, offset):
//   (container-events@0mh3k2x9a7b:0, 12)  an event: its JSON, the record's timestamp, when it was stored, when it expires
//   (erased#container-events@0mh3k2x9a7b:0, 12)   that it was erased, and when
//   (heads#container-events, -1)           the topic's epoch
//   (heads#container-events, 0)            partition 0: epoch, head, first offset, timestamp; `ended` from the moment
//                                          that somebody begins the epoch after it
const EPOCH_ITEM = -1

/**
 * The EventStore on DynamoDB. Events are deleted a while after their retention (`graceOf`), or days later, and not read
 * any more in between. They expire in the order of their offsets, so no read looks through expired ones
 * (docs/adr/0025).
 */
export function dynamoEventStore(
  client: DocumentClient,
  { table, retention, now = Date.now }: EventTable,
): EventStore {
  const get = async (key: Item): Promise<Item | undefined> =>
    (await client.send(new GetCommand({ TableName: table, Key: key, ConsistentRead: true }))).Item

  /** The items of a topic's epoch and heads. */
  const headItems = (topic: string) =>
    queryAll(client, {
      TableName: table,
      ConsistentRead: true,
      KeyConditionExpression: '#stream = :stream',
      ExpressionAttributeNames: { '#stream': 'stream' },
      ExpressionAttributeValues: { ':stream': headsOf(topic) },
    })

  const beginEpoch = async (topic: string, old?: string): Promise<string> => {
    const epoch = nameEpoch(now(), Math.random(), old)
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
      return currentEpoch(topic)
    }
  }

  const currentEpoch = async (topic: string) =>
    String((await get({ stream: headsOf(topic), offset: EPOCH_ITEM }))?.epoch)

  /**
   * Ends the heads of an epoch before the next one begins. A worker that advances a head which it knows from earlier
   * batches is then told that the epoch has ended, although it has not read it again. A stream that has no head yet
   * has nothing to end: who makes the first head reads the epoch once more.
   */
  const endHeads = async (topic: string, epoch: string): Promise<void> => {
    const heads = (await headItems(topic)).filter((item) => isHead(item) && item.epoch === epoch)
    const ends = heads.map(({ stream, offset }) => {
      const update = new UpdateCommand({
        TableName: table,
        Key: { stream, offset },
        UpdateExpression: 'SET ended = :true',
        ConditionExpression: 'epoch = :epoch',
        ExpressionAttributeValues: { ':true': true, ':epoch': epoch },
      })
      return succeeds(client.send(update))
    })
    await Promise.all(ends)
  }

  return {
    async topic(topic) {
      const items = await headItems(topic)
      const known = items.find((item) => !isHead(item))?.epoch
      const epoch = known === undefined ? await beginEpoch(topic) : String(known)
      const heads = items.filter((item) => isHead(item) && item.epoch === epoch)
      return { epoch, heads: new Map(heads.map((item) => [Number(item.offset), toHead(item)])) }
    },

    async renewEpoch(topic, old) {
      await endHeads(topic, old)
      return beginEpoch(topic, old)
    },

    async put(stream, events) {
      const storedAt = Math.floor(now() / 1000)
      const expires = storedAt + storedFor(retention.ofTopic(stream.topic))
      const items = events.map(({ offset, timestamp, event, ahead, replayOf }) => ({
        stream: streamKey(stream),
        offset,
        timestamp,
        storedAt,
        expires,
        event: JSON.stringify(event),
        ...(ahead && { ahead }),
        ...(replayOf && { replayOf }),
      }))
      await putAll(client, table, items)
    },

    async advance({ topic, epoch, partition }, { offset, first, timestamp }, known) {
      const key = { stream: headsOf(topic), offset: partition }
      const put = new PutCommand({
        TableName: table,
        Item: { ...key, epoch, head: offset, first, timestamp },
        ...(known === undefined
          ? {
              ConditionExpression: 'attribute_not_exists(epoch) OR epoch < :epoch',
              ExpressionAttributeValues: { ':epoch': epoch },
            }
          : {
              ConditionExpression: 'epoch = :epoch AND head = :known AND attribute_not_exists(ended)',
              ExpressionAttributeValues: { ':epoch': epoch, ':known': known.offset },
            }),
      })
      if (await succeeds(client.send(put)))
        return known !== undefined || (await currentEpoch(topic)) === epoch
      const head = await get(key)
      // The worker that ended this head may have died before the next epoch began.
      if (head?.epoch === epoch && head.ended === true) await beginEpoch(topic, epoch)
      return false
    },

    ...erasedEvents(client, { table, retention, now }),
    ...eventReads(client, { table, retention, now }),
  }
}

function headsOf(topic: string): string {
  return `heads#${topic}`
}

function isHead({ offset }: Item): boolean {
  return offset !== EPOCH_ITEM
}

function toHead(item: Item): Head {
  return { offset: Number(item.head), first: Number(item.first), timestamp: Number(item.timestamp) }
}
