import type { Retention } from '#shared/core/retention.ts'
import type { Trial, TrialPlace, TrialStore } from '#shared/pipeline/consume/trial-store.ts'
import { DeleteCommand, type DocumentClient, PutCommand } from './commands.ts'
import { type Item, succeeds } from './dynamo-requests.ts'

type Options = { readonly table: string; readonly retention: Pick<Retention, 'ofTopic'> }

/**
 * The TrialStore on DynamoDB, in the table of dead letters: `<topic>@trials` and `<consumer>#<partition>`. A note is kept
 * for the retention of its topic.
 */
export function dynamoTrialStore(client: DocumentClient, { table, retention }: Options): TrialStore {
  return {
    async begin(place, { first, last, kills, isWaiting, owner }) {
      const expires = Math.floor(Date.now() / 1000) + retention.ofTopic(place.topic)
      const put = new PutCommand({
        TableName: table,
        Item: { ...keyOf(place), first, last, kills, isWaiting, owner, expires },
        ReturnValues: 'ALL_OLD',
      })
      const { Attributes } = await client.send(put)
      return Attributes ? toTrial(Attributes) : null
    },

    async end(place, owner) {
      const remove = new DeleteCommand({
        TableName: table,
        Key: keyOf(place),
        ConditionExpression: '#owner = :owner',
        ExpressionAttributeNames: { '#owner': 'owner' },
        ExpressionAttributeValues: { ':owner': owner },
      })
      await succeeds(client.send(remove))
    },
  }
}

function keyOf({ topic, partition, consumer }: TrialPlace): Item {
  return { topic: `${topic}@trials`, position: `${consumer}#${partition}` }
}

function toTrial({ first, last, kills, isWaiting, owner }: Item): Trial {
  return {
    first: Number(first),
    last: Number(last),
    owner: String(owner),
    ...(kills !== undefined && { kills: Number(kills) }),
    ...(isWaiting === true && { isWaiting }),
  }
}
