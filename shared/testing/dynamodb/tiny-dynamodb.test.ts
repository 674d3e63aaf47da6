import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { dynamoClaimStore } from '#shared/adapters/dynamodb/dynamo-claim-store.ts'
import { dynamoDeadLetterStore } from '#shared/adapters/dynamodb/dynamo-dead-letter-store.ts'
import { dynamoEventStore } from '#shared/adapters/dynamodb/dynamo-event-store.ts'
import { dynamoSubscriptionStore } from '#shared/adapters/dynamodb/dynamo-subscription-store.ts'
import { parseRetention } from '#shared/core/retention.ts'
import { describeClaimStore } from '#shared/testing/contracts/claim-store.contract.ts'
import { describeDeadLetterStore } from '#shared/testing/contracts/dead-letter-store.contract.ts'
import { describeEventStore } from '#shared/testing/contracts/event-store.contract.ts'
import { describeSubscriptionStore } from '#shared/testing/contracts/subscription-store.contract.ts'
import { KEYS, type TableName, tableInput } from './tables.ts'
import { TINY_TABLES, tinyDynamodb } from './tiny-dynamodb.ts'

// The emulator of the simulations must satisfy the same contracts as the DynamoDB of the local stack and DynamoDB Local.
const { client } = tinyDynamodb({ pageItems: 7 })
const retention = parseRetention('7d')
const NAME = 'on the tiny DynamoDB'
describeEventStore(NAME, (now) => dynamoEventStore(client, { table: TINY_TABLES.log, retention, now }))
describeClaimStore(NAME, () => dynamoClaimStore(client, { table: TINY_TABLES.claims, retention }))
describeDeadLetterStore(NAME, () =>
  dynamoDeadLetterStore(client, { table: TINY_TABLES.deadLetters, retention }),
)
describeSubscriptionStore(NAME, () => dynamoSubscriptionStore(client, TINY_TABLES, { shard: 0, shards: 1 }))

test('the tables of the tests have the keys that serverless.yml declares', async () => {
  const service = parse(await readFile(new URL('../../../serverless.yml', import.meta.url), 'utf8'), {
    merge: true,
  })
  for (const name of Object.keys(KEYS) as TableName[]) {
    const resource = `${name[0]?.toUpperCase()}${name.slice(1)}Table`
    const { AttributeDefinitions, KeySchema } = tableInput(name, name)

    expect(service.resources.at(-1).Resources[resource].Properties).toMatchObject({
      AttributeDefinitions,
      KeySchema,
    })
  }
})
