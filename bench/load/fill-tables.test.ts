import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient, PutCommand, ScanCommand } from '@aws-sdk/lib-dynamodb'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createTables } from '../../localstack/dynamodb/create-tables.ts'
import { startDynamodbWorker } from '../../localstack/dynamodb/start-dynamodb-worker.ts'
import { fillTables } from './fill-tables.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewire-fill-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const table = (name: string, hash: string, range: string, type: string) => ({
  Type: 'AWS::DynamoDB::Table',
  Properties: {
    TableName: `test-${name}`,
    AttributeDefinitions: [
      { AttributeName: hash, AttributeType: 'S' },
      { AttributeName: range, AttributeType: type },
    ],
    KeySchema: [
      { AttributeName: hash, KeyType: 'HASH' },
      { AttributeName: range, KeyType: 'RANGE' },
    ],
  },
})
const SERVICE = {
  service: 'test',
  provider: {},
  resources: {
    Resources: { Log: table('log', 'stream', 'offset', 'N'), Claims: table('claims', 'id', 'source', 'S') },
  },
}

/** Serves the tables of the folder while `use` runs. */
async function withTables<T>(use: (client: DynamoDBDocumentClient) => Promise<T>): Promise<T> {
  const server = await startDynamodbWorker({ port: 0, dataDir: folder, log: () => {} })
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
  const client = new DynamoDBClient({ endpoint: server.endpoint, region: 'local', credentials })
  try {
    await createTables(SERVICE, server.endpoint)
    return await use(DynamoDBDocumentClient.from(client))
  } finally {
    client.destroy()
    await server.stop()
  }
}

it('each stream continues above its last event, with a claim for each, and heads stay', async () => {
  await withTables(async (client) => {
    for (const item of [
      { stream: 'heads#port-events', offset: 0, epoch: 'e1', head: 8 },
      { stream: 'port-events@e1:0', offset: 8, event: '{"id":"a"}' },
      { stream: 'port-events@e1:1', offset: 3, event: '{"id":"b"}' },
    ])
      await client.send(new PutCommand({ TableName: 'test-log', Item: item }))
  })

  fillTables({ file: join(folder, 'tables.sqlite'), events: 4, expires: 2_000_000_000 })

  const [log, claims] = await withTables(async (client) =>
    Promise.all(['test-log', 'test-claims'].map((name) => client.send(new ScanCommand({ TableName: name })))),
  )
  expect(log?.Items?.map(({ stream, offset }) => `${stream} ${offset}`).sort()).toEqual([
    'heads#port-events 0',
    'port-events@e1:0 10',
    'port-events@e1:0 8',
    'port-events@e1:0 9',
    'port-events@e1:1 3',
    'port-events@e1:1 4',
    'port-events@e1:1 5',
  ])
  expect(claims?.Items).toHaveLength(4)
  expect(claims?.Items).toContainEqual(
    expect.objectContaining({
      topic: 'port-events',
      epoch: 'e1',
      partition: 0,
      offset: 10,
      expires: 2_000_000_000,
    }),
  )
})
