import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { DocumentClient } from '#shared/adapters/dynamodb/commands.ts'
import { dynamoClient, putAll } from '#shared/adapters/dynamodb/dynamo-requests.ts'
import { dynamoSubscriptionStore } from '#shared/adapters/dynamodb/dynamo-subscription-store.ts'
import { versionKey } from '#shared/adapters/dynamodb/subscriptions/pattern-version.ts'
import { channelKey } from '#shared/adapters/dynamodb/subscriptions/subscription-rows.ts'
import { matchEvents, patternsOf } from '#shared/pipeline/deliver/push-events.ts'
import type { StoredEvent, Subscription } from '#shared/pipeline/ports.ts'
import { tableClient } from '#shared/testing/dynamodb/start-dynamodb.ts'
import { startDynamodbWorker } from '../localstack/dynamodb/start-dynamodb-worker.ts'
import { freePorts } from '../tests/support/free-ports.ts'
import { median, type Row, type Rows, round, threadCpuMicros } from './measure/measure.ts'

const HERE = 'bench.here.now'
const SUBSCRIBERS_HERE = 10
const CHANNELS_ELSEWHERE = 1000
const SHARD = { shard: 0, shards: 1 }
const TABLES = { connections: 'connections', subscriptions: 'subscriptions' }

/**
 * The CPU of matching one event with the 10 subscriptions of its channel, per delivered event, while 1,000, 100,000
 * and 1,000,000 subscriptions are held elsewhere. `store` is what deliver does: look up the versions of the patterns,
 * read the rows if they changed (`cold`), match; this thread's CPU without the emulator's. `pure` is the same look-up
 * in a Map, and the match.
 */
export async function benchMatching(): Promise<Rows> {
  const rows: Row[] = []
  for (const elsewhere of [1000, 100_000]) rows.push(await matchOverStore(elsewhere))
  for (const elsewhere of [1000, 100_000, 1_000_000]) rows.push(matchInMemory(elsewhere))
  return [...rows, growth(rows, 'store warm'), growth(rows, 'pure')]
}

function growth(rows: readonly Row[], what: string): Row {
  const costs = rows.flatMap((row) => (row.what === what ? Number(row['µs CPU per delivered event']) : []))
  return { what: `${what}, growth`, 'last to first': round((costs.at(-1) ?? 0) / (costs[0] ?? 1)) }
}

const READER: Subscription['reader'] = { name: 'ada', role: 'viewer', issued: 0 }

function subscriptionOf(channel: string, index: number): Subscription {
  const connection = `connection-${channel}-${index}`
  return {
    connection,
    id: 's',
    attempt: 1,
    registration: 1,
    channels: [channel],
    behind: false,
    reader: READER,
  }
}

function eventAt(offset: number): StoredEvent {
  const event = {
    specversion: '1.0',
    id: `e${offset}`,
    source: '/bench',
    type: 'bench',
    category: HERE,
  } as const
  return { topic: 'events', partition: 0, offset, timestamp: offset, event }
}

function subscriptionsOf(elsewhere: number): Subscription[] {
  const here = Array.from({ length: SUBSCRIBERS_HERE }, (_, index) => subscriptionOf(HERE, index))
  const there = Array.from({ length: elsewhere }, (_, index) =>
    subscriptionOf(`bench.elsewhere.c${index % CHANNELS_ELSEWHERE}`, index),
  )
  return [...here, ...there]
}

function matchInMemory(elsewhere: number): Row {
  const byPattern = Map.groupBy(subscriptionsOf(elsewhere), ({ channels }) => channels[0] ?? '')
  const match = (offset: number) => {
    const events = [eventAt(offset)]
    const found = patternsOf(events).flatMap((pattern) => {
      const subscriptions = byPattern.get(pattern)
      return subscriptions ? [[pattern, subscriptions] as const] : []
    })
    return matchEvents(events, new Map(found), () => false).deliveries.length
  }
  for (let offset = 0; offset < 5000; offset++) match(offset)
  const rounds = Array.from({ length: 7 }, () => {
    const before = threadCpuMicros()
    let delivered = 0
    for (let offset = 0; offset < 5000; offset++) delivered += match(offset)
    return (threadCpuMicros() - before) / delivered
  })
  return {
    what: 'pure',
    'subscriptions elsewhere': elsewhere,
    'µs CPU per delivered event': round(median(rounds)),
  }
}

async function matchOverStore(elsewhere: number): Promise<Row> {
  const [port = 0] = await freePorts(1)
  const dataDir = await mkdtemp(join(tmpdir(), 'tidewire-bench-'))
  const dynamodb = await startDynamodbWorker({ port, dataDir })
  const client = dynamoClient({ endpoint: dynamodb.endpoint, isLocal: true })
  const admin = tableClient(dynamodb.endpoint)
  try {
    await prepareTable(client, admin, elsewhere)
    const matchOnce = async (store: ReturnType<typeof dynamoSubscriptionStore>, offset: number) => {
      const events = [eventAt(offset)]
      return matchEvents(events, await store.matching(patternsOf(events)), () => false).deliveries.length
    }
    const measure = async (times: number, fresh: boolean) => {
      let store = dynamoSubscriptionStore(client, TABLES, SHARD)
      for (let offset = 0; offset < 50; offset++) await matchOnce(store, offset)
      const costs: number[] = []
      const waits: number[] = []
      for (let offset = 0; offset < times; offset++) {
        if (fresh) store = dynamoSubscriptionStore(client, TABLES, SHARD)
        const [cpu, clock] = [threadCpuMicros(), performance.now()]
        const delivered = await matchOnce(store, offset)
        costs.push((threadCpuMicros() - cpu) / delivered)
        waits.push(performance.now() - clock)
      }
      return { cost: round(median(costs)), wait: round(median(waits)) }
    }
    const [warm, cold] = [await measure(400, false), await measure(200, true)]
    return {
      what: 'store warm',
      'subscriptions elsewhere': elsewhere,
      'µs CPU per delivered event': warm.cost,
      'ms per batch': warm.wait,
      'cold µs': cold.cost,
      'cold ms': cold.wait,
    }
  } finally {
    admin.destroy()
    await dynamodb.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
}

/** The rows that `register` would have written, in batches. */
async function prepareTable(client: DocumentClient, admin: DynamoDBClient, elsewhere: number): Promise<void> {
  await admin.send(
    new CreateTableCommand({
      TableName: TABLES.subscriptions,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: ['channel', 'subscriber'].map((AttributeName) => ({
        AttributeName,
        AttributeType: 'S',
      })),
      KeySchema: [
        { AttributeName: 'channel', KeyType: 'HASH' },
        { AttributeName: 'subscriber', KeyType: 'RANGE' },
      ],
    }),
  )
  const expires = Math.floor(Date.now() / 1000) + 3600
  const subscriptions = subscriptionsOf(elsewhere)
  const channels = new Set(subscriptions.flatMap((subscription) => subscription.channels))
  const rows = subscriptions.map((subscription) => ({
    ...subscription,
    channel: channelKey(SHARD, subscription.channels[0] ?? ''),
    subscriber: `${subscription.connection}#s`,
    expires,
  }))
  const versions = [...channels].map((channel) => ({
    ...versionKey(channelKey(SHARD, channel)),
    version: 1,
  }))
  await putAll(client, TABLES.subscriptions, [...rows, ...versions])
}
