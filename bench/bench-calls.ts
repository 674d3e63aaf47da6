import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import {
  BatchGetCommand,
  BatchWriteCommand,
  DynamoDBDocumentClient,
  QueryCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb'
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
  const sdk = DynamoDBDocumentClient.from(new DynamoDBClient({ endpoint, ...LOCAL }), options)
  const own = dynamoClient({ endpoint, isLocal: true })
  try {
    const rows: Row[] = []
    for (const [operation, command] of Object.entries(COMMANDS)) {
      const send = (client: DynamoDBDocumentClient) => (index: number) =>
        client.send(command(index) as QueryCommand)
      const ways = { 'the document client of the SDK': send(sdk), 'the client of the functions': send(own) }
      for (const row of await compareCpu(ways, CALLS)) rows.push({ operation, ...row })
    }
    return rows
  } finally {
    await stop()
  }
}

const keysFrom = (offset: number) =>
  Array.from({ length: 10 }, (_, at) => ({ stream: 's', offset: offset + at }))

const COMMANDS = {
  UpdateItem: (index: number) =>
    new UpdateCommand({
      TableName,
      Key: { stream: 'heads#port-events', offset: 0 },
      UpdateExpression: 'SET epoch = :epoch, head = :head, #first = :first, #time = :time',
      ConditionExpression: 'attribute_not_exists(epoch) OR (epoch = :epoch AND head < :head)',
      ExpressionAttributeNames: { '#first': 'first', '#time': 'timestamp' },
      ExpressionAttributeValues: { ':epoch': 'e', ':head': index, ':first': 1, ':time': 2 },
    }),
  'Query, 10 items': (index: number) =>
    new QueryCommand({
      TableName,
      ConsistentRead: true,
      KeyConditionExpression: '#stream = :stream AND #offset > :offset',
      ExpressionAttributeNames: { '#stream': 'stream', '#offset': 'offset' },
      ExpressionAttributeValues: { ':stream': 's', ':offset': index },
    }),
  'BatchGetItem, 10 keys': (index: number) =>
    new BatchGetCommand({ RequestItems: { [TableName]: { Keys: keysFrom(index), ConsistentRead: true } } }),
  'BatchWriteItem, 10 items': (index: number) =>
    new BatchWriteCommand({
      RequestItems: {
        [TableName]: keysFrom(index).map((key) => ({
          PutRequest: { Item: { ...key, timestamp: 1_790_000_000_000, event: 'x'.repeat(400) } },
        })),
      },
    }),
}
