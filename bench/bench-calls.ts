import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import * as lib from '@aws-sdk/lib-dynamodb'
import * as commands from '#shared/adapters/dynamodb/commands.ts'
import { dynamoClient } from '#shared/adapters/dynamodb/dynamo-requests.ts'
import { startCloud } from './cloud/start-cloud.ts'
import { compareCpu } from './measure/compare-cpu.ts'
import type { Row, Rows } from './measure/measure.ts'

const CALLS = 300
const TableName = 'table'
const LOCAL = { region: 'local', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } }

/** CPU of a call to DynamoDB over plain HTTP: the SDK's document client, and the client of the functions. */
export async function benchCalls(): Promise<Rows> {
  const { http: endpoint, stop } = await startCloud()
  const options = { marshallOptions: { removeUndefinedValues: true } }
  const sdk = lib.DynamoDBDocumentClient.from(new DynamoDBClient({ endpoint, ...LOCAL }), options)
  const own = dynamoClient({ endpoint, isLocal: true })
  try {
    const rows: Row[] = []
    for (const [operation, { name, input }] of Object.entries(CALLED)) {
      const ways = {
        'the document client of the SDK': (index: number) =>
          sdk.send(new SDK[name](input(index) as never) as lib.QueryCommand),
        'the client of the functions': (index: number) =>
          own.send(new OWN[name](input(index) as never) as commands.QueryCommand),
      }
      for (const row of await compareCpu(ways, CALLS)) rows.push({ operation, ...row })
    }
    return rows
  } finally {
    await stop()
  }
}

const keysFrom = (offset: number) =>
  Array.from({ length: 10 }, (_, at) => ({ stream: 's', offset: offset + at }))

const OWN = { ...commands }
const SDK = { ...lib }
type Name = 'UpdateCommand' | 'QueryCommand' | 'BatchGetCommand' | 'BatchWriteCommand'

const CALLED: Readonly<Record<string, { readonly name: Name; readonly input: (index: number) => object }>> = {
  UpdateItem: {
    name: 'UpdateCommand',
    input: (index) => ({
      TableName,
      Key: { stream: 'heads#port-events', offset: 0 },
      UpdateExpression: 'SET epoch = :epoch, head = :head, #first = :first, #time = :time',
      ConditionExpression: 'attribute_not_exists(epoch) OR (epoch = :epoch AND head < :head)',
      ExpressionAttributeNames: { '#first': 'first', '#time': 'timestamp' },
      ExpressionAttributeValues: { ':epoch': 'e', ':head': index, ':first': 1, ':time': 2 },
    }),
  },
  'Query, 10 items': {
    name: 'QueryCommand',
    input: (index) => ({
      TableName,
      ConsistentRead: true,
      KeyConditionExpression: '#stream = :stream AND #offset > :offset',
      ExpressionAttributeNames: { '#stream': 'stream', '#offset': 'offset' },
      ExpressionAttributeValues: { ':stream': 's', ':offset': index },
    }),
  },
  'BatchGetItem, 10 keys': {
    name: 'BatchGetCommand',
    input: (index) => ({ RequestItems: { [TableName]: { Keys: keysFrom(index), ConsistentRead: true } } }),
  },
  'BatchWriteItem, 10 items': {
    name: 'BatchWriteCommand',
    input: (index) => ({
      RequestItems: {
        [TableName]: keysFrom(index).map((key) => ({
          PutRequest: { Item: { ...key, timestamp: 1_790_000_000_000, event: 'x'.repeat(400) } },
        })),
      },
    }),
  },
}
