import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb'

export type KeySchema = readonly [partitionKey: string, sortKey: string, sortKeyType?: 'S' | 'N']

/** The keys of the tables; `tiny-dynamodb.test.ts` compares them with the resources of serverless.yml. */
export const KEYS = {
  log: ['stream', 'offset', 'N'],
  claims: ['id', 'source'],
  connections: ['connection', 'item'],
  subscriptions: ['channel', 'subscriber'],
  deadLetters: ['topic', 'position'],
  views: ['view', 'part'],
  keys: ['kind', 'item'],
  replays: ['list', 'item'],
} as const satisfies Readonly<Record<string, KeySchema>>

export type TableName = keyof typeof KEYS

/** The parameters for the creation of a table. */
export function tableInput(name: TableName, TableName: string): CreateTableCommandInput {
  const [partitionKey, sortKey, sortKeyType = 'S']: KeySchema = KEYS[name]
  return {
    TableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [
      { AttributeName: partitionKey, AttributeType: 'S' },
      { AttributeName: sortKey, AttributeType: sortKeyType },
    ],
    KeySchema: [
      { AttributeName: partitionKey, KeyType: 'HASH' },
      { AttributeName: sortKey, KeyType: 'RANGE' },
    ],
  }
}
