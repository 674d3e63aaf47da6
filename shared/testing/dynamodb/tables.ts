import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb'

type KeySchema = readonly [partitionKey: string, sortKey: string, sortKeyType?: 'S' | 'N']

/** The tables' keys; `tables.test.ts` holds them against the resources of serverless.yml. */
export const KEYS = {
  log: ['stream', 'offset', 'N'],
  claims: ['id', 'source'],
  connections: ['connection', 'item'],
  subscriptions: ['channel', 'subscriber'],
  deadLetters: ['topic', 'position'],
  views: ['view', 'part'],
} as const satisfies Readonly<Record<string, KeySchema>>

export type TableName = keyof typeof KEYS

/** What a table is created with. */
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
