import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateTableCommand, DynamoDBClient, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb'
import { expect, test } from 'vitest'
import { freePorts } from '../../tests/support/free-ports.ts'
import { startDynamodbWorker } from './start-dynamodb-worker.ts'

/** Nearly the maximum of an item, because the number of requests is what takes time. */
const ITEM_BYTES = 390_000
/** All together they must be much more than the log of SQLite, which it writes back at 4 MB. */
const WRITES = 120

test('frees what was overwritten, however many queries read it meanwhile', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'tidewire-dynamodb-'))
  const [port = 0] = await freePorts(1)
  const server = await startDynamodbWorker({ port, dataDir })
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
  const client = new DynamoDBClient({ endpoint: server.endpoint, region: 'local', credentials })
  try {
    await client.send(
      new CreateTableCommand({
        TableName: 'states',
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'key', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'key', KeyType: 'HASH' }],
      }),
    )
    for (let write = 0; write < WRITES; write++) {
      const state = randomBytes((ITEM_BYTES / 4) * 3).toString('base64')
      await client.send(
        new PutItemCommand({ TableName: 'states', Item: { key: { S: 'a' }, state: { S: state } } }),
      )
      await client.send(
        new QueryCommand({
          TableName: 'states',
          KeyConditionExpression: '#key = :key',
          ProjectionExpression: '#key',
          ExpressionAttributeNames: { '#key': 'key' },
          ExpressionAttributeValues: { ':key': { S: 'a' } },
          Limit: 1,
        }),
      )
    }
    expect(await sizeOf(dataDir)).toBeLessThan((WRITES * ITEM_BYTES) / 2)
  } finally {
    client.destroy()
    await server.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
})

async function sizeOf(folder: string): Promise<number> {
  const files = await readdir(folder)
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(folder, file))).size))
  return sizes.reduce((total, size) => total + size, 0)
}
