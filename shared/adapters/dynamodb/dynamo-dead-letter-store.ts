import type { Position } from '#shared/core/event.ts'
import type { Retention } from '#shared/core/retention.ts'
import {
  type DeadLetter,
  ERASED_LETTER,
  type LetterRecord,
} from '#shared/pipeline/dead-letters/dead-letter.ts'
import type { DeadLetterStore } from '#shared/pipeline/dead-letters/dead-letter-store.ts'
import { type LetterReader, listLetters, placeOf } from '#shared/pipeline/dead-letters/list-letters.ts'
import { type DocumentClient, GetCommand, PutCommand, QueryCommand, UpdateCommand } from './commands.ts'
import { type Item, succeeds } from './dynamo-requests.ts'

// dead letters table, key (topic, position):
//   <topic>    time#offset#partition   a letter; `position` sorts by the time of its record
//   <topic>@   partition#offset        `letter`: the position of the letter of the latest record there. No topic has an @.

type Options = { readonly table: string; readonly retention: Pick<Retention, 'ofTopic'> }

/**
 * The DeadLetterStore on DynamoDB. A letter is kept for the retention of its topic. Letters of earlier versions have
 * defaults for what they do not say.
 */
export function dynamoDeadLetterStore(
  client: DocumentClient,
  { table, retention }: Options,
): DeadLetterStore {
  const now = () => Math.floor(Date.now() / 1000)

  async function putPlace(letter: DeadLetter, expires: number): Promise<void> {
    const put = new PutCommand({
      TableName: table,
      Item: { ...placeKeyOf(letter), letter: placeOf(letter), expires },
      ConditionExpression: 'attribute_not_exists(topic) OR letter <= :letter',
      ExpressionAttributeValues: { ':letter': placeOf(letter) },
    })
    await succeeds(client.send(put))
  }

  function join(letter: DeadLetter, [name, value]: readonly [string, unknown], condition: string) {
    const update = new UpdateCommand({
      TableName: table,
      Key: keyOf(letter),
      UpdateExpression: 'SET #name = :value',
      ConditionExpression: `attribute_exists(topic) AND (attribute_not_exists(#status) OR #status = :open) AND ${condition}`,
      ExpressionAttributeNames: { '#name': name, '#status': 'status' },
      ExpressionAttributeValues: { ':value': value, ':open': 'open' },
    })
    return succeeds(client.send(update))
  }

  async function read(key: Item): Promise<Item | undefined> {
    const { Item } = await client.send(new GetCommand({ TableName: table, Key: key, ConsistentRead: true }))
    return Item && Number(Item.expires) > now() ? Item : undefined
  }

  const reader: LetterReader = {
    async get(position) {
      const place = await read(placeKeyOf(position))
      const item = place && (await read({ topic: position.topic, position: place.letter }))
      return item ? toLetter(item) : null
    },

    async readLetters(topic, { from, to, newestFirst }, { size, behind }) {
      const query = new QueryCommand({
        TableName: table,
        ConsistentRead: true,
        ScanIndexForward: !newestFirst,
        KeyConditionExpression: 'topic = :topic AND #position BETWEEN :from AND :to',
        FilterExpression: 'expires > :now',
        ExpressionAttributeNames: { '#position': 'position' },
        ExpressionAttributeValues: { ':topic': topic, ':from': from || ' ', ':to': to, ':now': now() },
        Limit: size,
        ...(behind !== undefined && { ExclusiveStartKey: { topic, position: behind } }),
      })
      const { Items = [], ScannedCount = Items.length, LastEvaluatedKey } = await client.send(query)
      const readTo = LastEvaluatedKey ? String(LastEvaluatedKey.position) : null
      return { letters: Items.map(toLetter), read: ScannedCount, readTo }
    },
  }

  return {
    async put(letter) {
      const expires = now() + retention.ofTopic(letter.topic)
      const put = new PutCommand({
        TableName: table,
        Item: { ...letter, ...keyOf(letter), expires },
        ConditionExpression: 'attribute_not_exists(topic) OR expires <= :now',
        ExpressionAttributeValues: { ':now': now() },
      })
      // Where a crash leaves one of them alone, the batch comes again and writes the other.
      const [isNew] = await Promise.all([succeeds(client.send(put)), putPlace(letter, expires)])
      if (isNew) return true
      await join(letter, ['attempts', letter.attempts], '#name < :value')
      if (letter.unfolded) await join(letter, ['unfolded', letter.unfolded], 'attribute_not_exists(#name)')
      return false
    },

    get: reader.get,

    list: (query) => listLetters(query, reader),

    async settle(record, { status, ...settled }) {
      const update = new UpdateCommand({
        TableName: table,
        Key: keyOf(record),
        UpdateExpression: 'SET #status = :status, settled = :settled',
        ConditionExpression:
          'attribute_exists(topic) AND expires > :now AND (attribute_not_exists(#status) OR #status = :open)',
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: { ':status': status, ':settled': settled, ':open': 'open', ':now': now() },
      })
      return succeeds(client.send(update))
    },

    async erase(record) {
      const update = new UpdateCommand({
        TableName: table,
        Key: keyOf(record),
        UpdateExpression:
          'SET reason = :reason, #key = :null, #value = :null, truncated = :false, #headers = :none',
        ConditionExpression: 'attribute_exists(topic)',
        ExpressionAttributeNames: { '#key': 'key', '#value': 'value', '#headers': 'headers' },
        ExpressionAttributeValues: {
          ':reason': ERASED_LETTER.reason,
          ':null': null,
          ':false': false,
          ':none': [],
        },
      })
      await succeeds(client.send(update))
    },
  }
}

function keyOf(record: LetterRecord): Item {
  return { topic: record.topic, position: placeOf(record) }
}

function placeKeyOf({ topic, partition, offset }: Position): Item {
  return { topic: `${topic}@`, position: `${partition}#${offset}` }
}

/** What letters of earlier versions do not say. */
const DEFAULTS = { code: 'unknown', consumer: 'deliver', headers: [], status: 'open' } as const

function toLetter({ position: _, expires: __, ...item }: Item): DeadLetter {
  return { ...DEFAULTS, found: item.timestamp, ...item } as unknown as DeadLetter
}
