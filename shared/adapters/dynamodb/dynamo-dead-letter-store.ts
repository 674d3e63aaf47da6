import { type DynamoDBDocumentClient, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import type { Position } from '#shared/core/event.ts'
import type { Retention } from '#shared/core/retention.ts'
import { type DeadLetter, type DeadLetterStore, ERASED_LETTER } from '#shared/pipeline/ports.ts'
import { type Item, type QueryInput, queryPages, succeeds } from './dynamo-requests.ts'

type Options = { readonly table: string; readonly retention: Pick<Retention, 'ofTopic'> }

/**
 * How many letters of a topic that have expired, and are not deleted yet, a list reads at most. They sort by the time of
 * their records, so most expired ones are below all others; after so many it ends.
 */
const EXPIRED_READ = 500

/** More than a response of a function has room for. */
const MOST_BYTES = 6 * 1024 * 1024

/**
 * The DeadLetterStore on DynamoDB: a table with the key (topic, position), where position sorts by time, then offset.
 * A dead letter is kept for the retention of its topic.
 */
export function dynamoDeadLetterStore(
  client: DynamoDBDocumentClient,
  { table, retention }: Options,
): DeadLetterStore {
  return {
    async put(letter) {
      const position = positionOf(letter)
      const expires = Math.floor(Date.now() / 1000) + retention.ofTopic(letter.topic)
      await client.send(new PutCommand({ TableName: table, Item: { ...letter, position, expires } }))
    },

    async erase(record) {
      const update = new UpdateCommand({
        TableName: table,
        Key: { topic: record.topic, position: positionOf(record) },
        UpdateExpression: 'SET reason = :reason, #key = :null, #value = :null, truncated = :false',
        ConditionExpression: 'attribute_exists(topic)',
        ExpressionAttributeNames: { '#key': 'key', '#value': 'value' },
        ExpressionAttributeValues: {
          ':reason': ERASED_LETTER.reason,
          ':null': null,
          ':false': false,
        },
      })
      await succeeds(client.send(update))
    },

    async list(topics, limit) {
      const now = Math.floor(Date.now() / 1000)
      const found = await Promise.all(
        topics.map((topic) =>
          readNewest(
            client,
            {
              TableName: table,
              ConsistentRead: true,
              ScanIndexForward: false,
              KeyConditionExpression: 'topic = :topic',
              FilterExpression: 'expires > :now',
              ExpressionAttributeValues: { ':topic': topic, ':now': now },
            },
            limit,
          ),
        ),
      )
      const letters = found.flat().map(toDeadLetter)
      return letters.sort((a, b) => b.timestamp - a.timestamp || b.offset - a.offset).slice(0, limit)
    },
  }
}

/** Reads until there are enough letters, or as many bytes of them as no response has room for. */
async function readNewest(client: DynamoDBDocumentClient, input: QueryInput, limit: number): Promise<Item[]> {
  const found: Item[] = []
  let left = limit + EXPIRED_READ
  let bytes = 0
  const room = () => (found.length < limit && bytes < MOST_BYTES ? Math.min(left, limit) : 0)
  for await (const { items, read } of queryPages(client, input, room)) {
    found.push(...items)
    left -= read
    bytes += items.reduce((sum, { value }) => sum + (typeof value === 'string' ? value.length : 0), 0)
  }
  return found.slice(0, limit)
}

function toDeadLetter({ position: _, expires: __, ...letter }: Item): DeadLetter {
  return letter as DeadLetter
}

function positionOf({
  timestamp,
  partition,
  offset,
}: Omit<Position, 'topic'> & { readonly timestamp: number }) {
  return `${pad(timestamp, 15)}#${pad(offset, 16)}#${partition}`
}

function pad(value: number, digits: number): string {
  return String(value).padStart(digits, '0')
}
