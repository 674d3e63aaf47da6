import { mkdtemp, rm } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startDynamodbWorker } from '../localstack/dynamodb/start-dynamodb-worker.ts'
import { quantile, type Row, type Rows, round, threadCpuMicros } from './measure/measure.ts'
import type { BenchOptions } from './options.ts'

const TableName = 'bench'
const ITEMS = 20_000
const AT_ONCE = 8
const ALONE = 500
type Call = { readonly operation: string; readonly input: object }

const key = (index: number) => ({ stream: { S: `s${index % 4}` }, offset: { N: String(index >> 2) } })
const item = (index: number) => ({
  ...key(index),
  expires: { N: '1900000000' },
  event: { S: 'x'.repeat(400) },
})
const anyOf = (index: number) => (index * 7919) % ITEMS
const range = (index: number, count: number) => ({
  TableName,
  ConsistentRead: true,
  KeyConditionExpression: '#stream = :stream AND #offset BETWEEN :from AND :to',
  ExpressionAttributeNames: { '#stream': 'stream', '#offset': 'offset' },
  ExpressionAttributeValues: {
    ':stream': key(index).stream,
    ':from': key(index).offset,
    ':to': { N: String((index >> 2) + count - 1) },
  },
})
const update = (index: number) => ({
  TableName,
  Key: key(index % 16),
  UpdateExpression: 'SET head = :head',
  ConditionExpression: 'head < :head OR attribute_not_exists(epoch)',
  ExpressionAttributeValues: { ':head': { N: String(index) } },
})
const puts = (index: number) =>
  Array.from({ length: 25 }, (_, each) => ({ PutRequest: { Item: item(index * 25 + each) } }))
const keys = (index: number) => Array.from({ length: 10 }, (_, each) => key(anyOf(index * 10 + each)))

const CALLS: Readonly<Record<string, (index: number) => Call>> = {
  'BatchWriteItem of 25': (index) => ({
    operation: 'BatchWriteItem',
    input: { RequestItems: { [TableName]: puts(index) } },
  }),
  GetItem: (index) => ({ operation: 'GetItem', input: { TableName, Key: key(anyOf(index)) } }),
  PutItem: (index) => ({ operation: 'PutItem', input: { TableName, Item: item(anyOf(index)) } }),
  'UpdateItem with a condition': (index) => ({ operation: 'UpdateItem', input: update(index + 1) }),
  'Query of 1': (index) => ({ operation: 'Query', input: range(anyOf(index), 1) }),
  'Query of 20': (index) => ({ operation: 'Query', input: range(anyOf(index), 20) }),
  'BatchGetItem of 10': (index) => ({
    operation: 'BatchGetItem',
    input: { RequestItems: { [TableName]: { Keys: keys(index) } } },
  }),
}

/**
 * The local tables alone, over HTTP without an SDK: calls per second with 8 at once, the CPU of the tables' thread, and
 * the latency of calls one at a time. Items have 450 bytes.
 */
export async function benchTables({ seconds }: BenchOptions): Promise<Rows> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tidewire-bench-'))
  const tables = await startDynamodbWorker({ port: 0, dataDir })
  const agent = new Agent({ keepAlive: true })
  const send = sender(tables.endpoint, agent)
  const attribute = (AttributeName: string, AttributeType: string) => ({ AttributeName, AttributeType })
  const KeySchema = [
    { AttributeName: 'stream', KeyType: 'HASH' },
    { AttributeName: 'offset', KeyType: 'RANGE' },
  ]
  const AttributeDefinitions = [attribute('stream', 'S'), attribute('offset', 'N')]
  const TimeToLiveSpecification = { AttributeName: 'expires', Enabled: true }
  try {
    await send({ operation: 'CreateTable', input: { TableName, KeySchema, AttributeDefinitions } })
    await send({ operation: 'UpdateTimeToLive', input: { TableName, TimeToLiveSpecification } })
    for (let index = 0; index < ITEMS / 25; index++) await send(CALLS['BatchWriteItem of 25']?.(index))
    const rows: Row[] = []
    for (const [name, callOf] of Object.entries(CALLS)) {
      await measure(callOf, send, 0.3)
      rows.push({ call: name, ...(await measure(callOf, send, seconds ?? 1)) })
    }
    return rows
  } finally {
    agent.destroy()
    await tables.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
}

type Send = (call: Call | undefined) => Promise<void>

async function measure(callOf: (index: number) => Call, send: Send, seconds: number): Promise<Row> {
  const { user, system } = process.cpuUsage()
  const [begin, own] = [performance.now(), threadCpuMicros()]
  let calls = 0
  const loop = async () => {
    while (performance.now() < begin + seconds * 1000) await send(callOf(calls++))
  }
  await Promise.all(Array.from({ length: AT_ONCE }, loop))
  const used = process.cpuUsage({ user, system })
  const cpu = used.user + used.system - (threadCpuMicros() - own)
  const elapsed = (performance.now() - begin) / 1000
  const latencies: number[] = []
  for (let index = 0; index < ALONE; index++) {
    const sent = performance.now()
    await send(callOf(calls + index))
    latencies.push(performance.now() - sent)
  }
  return {
    'calls per second': round(calls / elapsed),
    'CPU µs per call': round(cpu / calls),
    'p50 ms alone': round(quantile(latencies, 0.5)),
    'p99 ms alone': round(quantile(latencies, 0.99)),
  }
}

function sender(endpoint: string, agent: Agent): Send {
  return (call) =>
    new Promise((resolve, reject) => {
      const headers = { 'x-amz-target': `DynamoDB_20120810.${call?.operation}` }
      const sent = request(endpoint, { method: 'POST', agent, headers }, (response) => {
        if (response.statusCode !== 200)
          reject(new Error(`${call?.operation} returned ${response.statusCode}`))
        response.resume().once('end', resolve)
      })
      sent.once('error', reject)
      sent.end(JSON.stringify(call?.input))
    })
}
