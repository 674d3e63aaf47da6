import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kafka, logLevel, Partitioners, type Producer } from 'kafkajs'
import pLimit from 'p-limit'
import { kafkaEventLog } from '#shared/adapters/kafka/kafka-event-log.ts'
import type { CloudEvent } from '#shared/core/event.ts'
import { domains } from '#shared/domain/catalog.ts'
import { accept } from '#shared/pipeline/accept/accept.ts'
import { createCatalog } from '#shared/pipeline/catalog.ts'
import { encodeKafkaStructured } from '#shared/pipeline/cloudevents/kafka.ts'
import { memoryClaimStore } from '#shared/testing/memory/memory-claim-store.ts'
import { startBrokerWorker } from '../localstack/broker/start-broker-worker.ts'
import { median, type Row, type Rows, round, threadCpuMicros } from './measure/measure.ts'

const TOPIC = 'events'
const ROUNDS = 9
const AT_ONCE = 16

type Way = (batch: readonly CloudEvent[]) => Promise<unknown>

/**
 * CPU of accepting events, by this thread alone (the broker has its own): `accept()` with the Kafka event log, against
 * a bare kafkajs `send` of the same bytes. `ids made` are plain posts without an id; `ids given` are claimed, here in
 * memory, so that the ratio is of our code and not of DynamoDB's client. Decoding HTTP is not in it.
 */
export async function benchAccept(): Promise<Rows> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tidewire-bench-'))
  const broker = await startBrokerWorker({ port: 0, dataDir })
  const kafka = new Kafka({ brokers: [broker.endpoint], logLevel: logLevel.NOTHING })
  const producer = kafka.producer({
    createPartitioner: Partitioners.DefaultPartitioner,
    allowAutoTopicCreation: false,
  })
  try {
    await createTopic(kafka)
    await producer.connect()
    const ways = waysOf(broker.endpoint, producer)
    const rows: Row[] = []
    for (const [perPost, posts] of [
      [1, 400],
      [100, 30],
    ] as const)
      rows.push(...(await compare(ways, perPost, posts)))
    return rows
  } finally {
    await producer.disconnect()
    await broker.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
}

async function createTopic(kafka: Kafka): Promise<void> {
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic: TOPIC, numPartitions: 3 }], waitForLeaders: true })
  await admin.disconnect()
}

function waysOf(broker: string, producer: Producer) {
  const kafka = kafkaEventLog({ brokers: [broker], clientId: 'bench' })
  const deps = { kafka, catalog: createCatalog(domains), claims: memoryClaimStore(), newId: randomUUID }
  const bare: Way = (batch) =>
    producer.send({
      topic: TOPIC,
      acks: -1,
      messages: batch.map((event) => {
        const { value, headers } = encoded.get(event.id) ?? encodeKafkaStructured(event)
        return { key: event.subject ?? event.id, value: value as Buffer, headers }
      }),
    })
  const encoded = new Map<string, ReturnType<typeof encodeKafkaStructured>>()
  const made: Way = (batch) => accept(batch, new Set(batch.map(({ id }) => id)), deps)
  const given: Way = (batch) => accept(batch, new Set(), deps)
  return { encoded, bare, made, given }
}

async function compare(
  { encoded, bare, made, given }: ReturnType<typeof waysOf>,
  perPost: number,
  posts: number,
): Promise<Row[]> {
  const costs: Record<'bare' | 'made' | 'given', number[]> = { bare: [], made: [], given: [] }
  const ways = Object.entries({ bare, made, given }) as ['bare' | 'made' | 'given', Way][]
  for (let turn = 0; turn < ROUNDS + 2; turn++)
    for (const [name, way] of ways) {
      const batches = Array.from({ length: posts }, () => Array.from({ length: perPost }, newEvent))
      encoded.clear()
      if (name === 'bare')
        for (const event of batches.flat()) encoded.set(event.id, encodeKafkaStructured(event))
      const cost = await cpuOf(way, batches)
      if (turn >= 2) costs[name].push(cost / (posts * perPost)) // the first turns warm up
    }
  const bareMicros = median(costs.bare)
  const micros = (name: 'made' | 'given') => median(costs[name])
  const row = (what: string, value: number): Row => ({
    what,
    'events per post': perPost,
    'µs CPU per event': round(value),
    ratio: round(value / bareMicros),
  })
  return [
    row('bare kafkajs send', bareMicros),
    row('accept, ids made', micros('made')),
    row('accept, ids given', micros('given')),
  ]
}

async function cpuOf(way: Way, batches: readonly (readonly CloudEvent[])[]): Promise<number> {
  const limit = pLimit(AT_ONCE)
  const before = threadCpuMicros()
  await Promise.all(batches.map((batch) => limit(way, batch)))
  return threadCpuMicros() - before
}

function newEvent(): CloudEvent {
  const id = randomUUID()
  return {
    specversion: '1.0',
    id,
    source: '/bench',
    type: 'bench.accepted',
    category: 'bench.accept',
    subject: id.slice(0, 2),
    time: new Date().toISOString(),
    datacontenttype: 'application/json',
    data: { text: 'x'.repeat(700), numbers: [1, 2, 3], nested: { id } },
  }
}
