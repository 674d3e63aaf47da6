import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
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

test('a start goes on if the response to each call is lost once', async () => {
  const lost = new Set<string>()
  const proxy = createServer(async (request, response) => {
    const headers = { 'x-amz-target': String(request.headers['x-amz-target']) }
    const body = await buffer(request)
    const reply = await fetch(server.endpoint, { method: 'POST', headers, body })
    const call = `${headers['x-amz-target']} ${body}`
    const isLost = !lost.has(call)
    lost.add(call)
    const status = isLost ? 500 : reply.status
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' })
    response.end(isLost ? '{"__type":"InternalServerError"}' : await reply.text())
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))

  await createTables(SERVICE, `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`)

  proxy.closeAllConnections()
  proxy.close()
  expect(await timeToLiveOf('connections')).toBe('ENABLED')
  expect(lost.size).toBeGreaterThan(5)
})
