import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  BatchWriteItemCommand,
  CreateTableCommand,
  DynamoDBClient,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import { expect, onTestFinished, test } from 'vitest'

const ROUNDS = 4
const LOOPS = 4
/** The minimum of acknowledged writes in a round. */
const WRITES = 150
const TableName = 'killed'

test('everything that was acknowledged before a kill -9 is there after it, and all or nothing of each item', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'tidewire-dynamodb-'))
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }))
  const acknowledged = new Map<string, string>()
  for (let round = 0; round < ROUNDS; round++) {
    const { child, client } = await spawnDynamodb(dataDir)
    if (round === 0) await createTable(client)
    expect(missingFrom(await readAll(client, LOOPS), acknowledged)).toEqual([])
    await writeAndKill({ child, client, round }, acknowledged)
  }

  const { client } = await spawnDynamodb(dataDir)

  const found = await readAll(client, LOOPS)
  expect(missingFrom(found, acknowledged)).toEqual([])
  expect(acknowledged.size).toBeGreaterThan(ROUNDS * WRITES)
  // The value of an item says how long it is: none is half written.
  for (const value of found.values()) expect(value.length).toBe(Number(value.split(':')[0]))
})

test('a second process does not get the data folder of the first', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'tidewire-dynamodb-'))
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }))
  const first = await spawnDynamodb(dataDir)
  await createTable(first.client)

  await expect(spawnDynamodb(dataDir)).rejects.toThrow('in use by another process')
})

type Spawned = { readonly child: ChildProcess; readonly client: DynamoDBClient }

/** Starts the tables in a process of its own. Rejects with its last words if it ends. */
async function spawnDynamodb(dataDir: string): Promise<Spawned> {
  const module = new URL('./start-dynamodb.ts', import.meta.url).href
  const script = `
    const { startDynamodb } = await import(${JSON.stringify(module)})
    const options = { port: 0, dataDir: ${JSON.stringify(dataDir)}, log: console.error }
    const { endpoint } = await startDynamodb(options)
    console.log(endpoint)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script])
  onTestFinished(() => void child.kill('SIGKILL'))
  let said = ''
  child.stderr?.on('data', (text) => {
    said += text
  })
  const endpoint = await new Promise<string>((resolve, reject) => {
    child.stdout?.once('data', (line) => resolve(String(line).trim()))
    child.once('close', () => reject(new Error(said)))
  })
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
  const client = new DynamoDBClient({ endpoint, region: 'local', credentials, maxAttempts: 1 })
  onTestFinished(() => client.destroy())
  return { child, client }
}

async function createTable(client: DynamoDBClient): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        { AttributeName: 'loop', AttributeType: 'S' },
        { AttributeName: 'turn', AttributeType: 'N' },
      ],
      KeySchema: [
        { AttributeName: 'loop', KeyType: 'HASH' },
        { AttributeName: 'turn', KeyType: 'RANGE' },
      ],
    }),
  )
}

/** Writes from several loops at once and kills the process while they do. Adds what was acknowledged to `acknowledged`. */
async function writeAndKill(
  { child, client, round }: Spawned & { readonly round: number },
  acknowledged: Map<string, string>,
): Promise<void> {
  let count = 0
  const killed = once(child, 'close')
  const write = async (loop: number): Promise<void> => {
    for (let turn = round * 1e6; ; turn += 3) {
      const values = [0, 1, 2].map((step) => valueOfTurn(turn + step))
      const item = (step: number) => ({
        loop: { S: `loop-${loop}` },
        turn: { N: `${turn + step}` },
        value: { S: values[step] ?? '' },
      })
      const { value, ...Key } = item(2)
      await client.send(new PutItemCommand({ TableName, Item: item(0) }))
      await client.send(
        new BatchWriteItemCommand({ RequestItems: { [TableName]: [{ PutRequest: { Item: item(1) } }] } }),
      )
      await client.send(
        new UpdateItemCommand({
          TableName,
          Key,
          UpdateExpression: 'SET #value = :value',
          ExpressionAttributeNames: { '#value': 'value' },
          ExpressionAttributeValues: { ':value': value },
        }),
      )
      for (const [step, value] of values.entries()) acknowledged.set(`loop-${loop}/${turn + step}`, value)
      count += values.length
      if (count > WRITES) child.kill('SIGKILL')
    }
  }
  const loops = await Promise.allSettled(Array.from({ length: LOOPS }, (_, loop) => write(loop)))
  await killed
  expect(loops.map(({ status }) => status)).toEqual(loops.map(() => 'rejected'))
}

/** A value of many lengths, which it begins with. */
function valueOfTurn(turn: number): string {
  const length = 20 + ((turn * 7919) % 9000)
  return `${length}:`.padEnd(length, 'x')
}

async function readAll(client: DynamoDBClient, loops: number): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for (let loop = 0; loop < loops; loop++) {
    let from: QueryCommand['input']['ExclusiveStartKey']
    do {
      const { Items = [], LastEvaluatedKey } = await client.send(
        new QueryCommand({
          TableName,
          KeyConditionExpression: '#loop = :loop',
          ExpressionAttributeNames: { '#loop': 'loop' },
          ExpressionAttributeValues: { ':loop': { S: `loop-${loop}` } },
          ExclusiveStartKey: from,
        }),
      )
      for (const item of Items) found.set(`loop-${loop}/${item.turn?.N}`, item.value?.S ?? '')
      from = LastEvaluatedKey
    } while (from)
  }
  return found
}

function missingFrom(
  found: ReadonlyMap<string, string>,
  acknowledged: ReadonlyMap<string, string>,
): string[] {
  return [...acknowledged].filter(([key, value]) => found.get(key) !== value).map(([key]) => key)
}
