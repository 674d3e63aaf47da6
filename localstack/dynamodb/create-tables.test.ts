import {
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  PutItemCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb'
import { afterAll, expect, test } from 'vitest'
import type { Service } from '../service.ts'
import { createTables } from './create-tables.ts'
import { startDynamodb } from './start-dynamodb.ts'

const server = await startDynamodb({ port: 0, dataDir: null, log: console.error })
const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
const client = new DynamoDBClient({ endpoint: server.endpoint, region: 'local', credentials })
afterAll(async () => {
  client.destroy()
  await server.stop()
})

const table = (TableName: string) => ({
  Type: 'AWS::DynamoDB::Table',
  Properties: {
    TableName,
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    TimeToLiveSpecification: { AttributeName: 'expires', Enabled: true },
  },
})
const SERVICE: Service = {
  service: 'tests',
  provider: {},
  custom: { tablesOfOneRun: ['connections'] },
  resources: { Resources: { Log: table('log'), Connections: table('connections') } },
}
const put = (TableName: string) => client.send(new PutItemCommand({ TableName, Item: { id: { S: 'a' } } }))
const count = async (TableName: string) => (await client.send(new ScanCommand({ TableName }))).Count
const timeToLiveOf = async (TableName: string) =>
  (await client.send(new DescribeTimeToLiveCommand({ TableName }))).TimeToLiveDescription?.TimeToLiveStatus

test('a start keeps the items of a former run, but not those of its connections', async () => {
  await createTables(SERVICE, server.endpoint)
  await put('log')
  await put('connections')

  await createTables(SERVICE, server.endpoint)

  expect(await count('log')).toBe(1)
  expect(await count('connections')).toBe(0)
  expect(await timeToLiveOf('log')).toBe('ENABLED')
  expect(await timeToLiveOf('connections')).toBe('ENABLED')
})
