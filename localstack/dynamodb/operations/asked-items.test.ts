import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import {
  BatchGetCommand,
  BatchWriteCommand,
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  ScanCommand,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { type AccessCheck, ALLOW_ALL } from '../../access/access-check.ts'
import { createTables } from '../create-tables.ts'
import { startDynamodb } from '../start-dynamodb.ts'

const TABLES = ['sockets', 'log']
let check: AccessCheck = ALLOW_ALL
let asked: unknown[] = []
let server: Awaited<ReturnType<typeof startDynamodb>>
let client: DynamoDBDocumentClient

beforeAll(async () => {
  server = await startDynamodb({ port: 0, dataDir: null, log: console.error, access: () => check })
  const propertiesOf = (TableName: string) => ({
    TableName,
    KeySchema: [
      { AttributeName: 'connection', KeyType: 'HASH' },
      { AttributeName: 'item', KeyType: 'RANGE' },
    ],
    AttributeDefinitions: [
      { AttributeName: 'connection', AttributeType: 'S' },
      { AttributeName: 'item', AttributeType: 'S' },
    ],
    BillingMode: 'PAY_PER_REQUEST',
  })
  const Resources = Object.fromEntries(
    TABLES.map((name) => [name, { Type: 'AWS::DynamoDB::Table', Properties: propertiesOf(name) }]),
  )
  await createTables({ service: 'stack', provider: {}, resources: { Resources } }, server.endpoint)
  client = DynamoDBDocumentClient.from(
    new DynamoDBClient({
      endpoint: server.endpoint,
      region: 'local',
      credentials: { accessKeyId: 'LOCALreader', secretAccessKey: 'local' },
    }),
  )
})
afterAll(() => server.stop())
beforeEach(() => {
  asked = []
  check = ({ accessKey, action, resource, keys = () => [] }) => {
    asked.push([accessKey, action, resource.split('/').at(-1), ...keys()])
    return null
  }
})

const Key = { connection: 'c1', item: 'meta' }
const TableName = 'sockets'
const values = {
  ExpressionAttributeValues: { ':c': 'c1', ':n': 1 },
  ExpressionAttributeNames: { '#c': 'connection', '#n': 'n' },
}

it.each<[string, () => Promise<unknown>, unknown[]]>([
  ['GetItem', () => client.send(new GetCommand({ TableName, Key })), [['c1']]],
  ['PutItem', () => client.send(new PutCommand({ TableName, Item: Key })), [['c1']]],
  ['DeleteItem', () => client.send(new DeleteCommand({ TableName, Key })), [['c1']]],
  [
    'UpdateItem',
    () =>
      client.send(
        new UpdateCommand({
          TableName,
          Key,
          UpdateExpression: 'SET n = :n',
          ExpressionAttributeValues: { ':n': 1 },
        }),
      ),
    [['c1']],
  ],
  [
    'Query',
    () =>
      client.send(
        new QueryCommand({
          TableName,
          KeyConditionExpression: '#c = :c',
          FilterExpression: '#n = :n',
          ...values,
        }),
      ),
    [['c1']],
  ],
  ['Scan', () => client.send(new ScanCommand({ TableName })), [[]]],
])('%s is asked of its table with its hash key, and who signed it', async (action, send, keys) => {
  await send()

  expect(asked).toEqual(
    keys.map((own) => ['LOCALreader', `dynamodb:${action}`, TableName, ...(own as string[])]),
  )
})

it('a batch is asked of each of its tables with all keys', async () => {
  const RequestItems = {
    sockets: { Keys: [Key, { connection: 'revoked', item: 'version' }] },
    log: { Keys: [{ connection: 'l1', item: '1' }] },
  }
  await client.send(new BatchGetCommand({ RequestItems }))
  await client.send(
    new BatchWriteCommand({
      RequestItems: {
        sockets: [{ PutRequest: { Item: Key } }, { DeleteRequest: { Key: { ...Key, connection: 'c2' } } }],
      },
    }),
  )

  expect(asked).toEqual([
    ['LOCALreader', 'dynamodb:BatchGetItem', 'sockets', 'c1', 'revoked'],
    ['LOCALreader', 'dynamodb:BatchGetItem', 'log', 'l1'],
    ['LOCALreader', 'dynamodb:BatchWriteItem', 'sockets', 'c1', 'c2'],
  ])
})

it('a transaction is asked of each item, under the names of the single operations', async () => {
  const TransactItems = [
    { Put: { TableName, Item: Key } },
    { Delete: { TableName: 'log', Key: { connection: 'l1', item: '1' } } },
  ]
  await client.send(new TransactWriteCommand({ TransactItems }))

  expect(asked).toEqual([
    ['LOCALreader', 'dynamodb:PutItem', 'sockets', 'c1'],
    ['LOCALreader', 'dynamodb:DeleteItem', 'log', 'l1'],
  ])
})

it('what is not allowed is refused with AccessDeniedException, and changes nothing', async () => {
  check = ({ action }) => (action === 'dynamodb:PutItem' ? 'reader may not write' : null)
  const Item = { connection: 'c9', item: 'meta' }

  await expect(client.send(new PutCommand({ TableName, Item }))).rejects.toMatchObject({
    name: 'AccessDeniedException',
    message: 'reader may not write',
  })
  expect((await client.send(new GetCommand({ TableName, Key: Item }))).Item).toBeUndefined()
})
