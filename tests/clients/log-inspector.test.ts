import { CompressionTypes, type Consumer, Kafka, logLevel, Partitioners, type Producer } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { kafkaLogInspector } from '#shared/adapters/kafka/kafka-log-inspector.ts'
import { kafkaLogReader } from '#shared/adapters/kafka/kafka-log-reader.ts'
import type { KafkaRecord } from '#shared/pipeline/ports.ts'
import type { LogInspector } from '#shared/pipeline/streams/log-inspector.ts'
import {
  describeLogInspector,
  type InspectedCluster,
} from '#shared/testing/contracts/log-inspector.contract.ts'
import type { Broker } from '../../localstack/broker/start-broker.ts'
import { runCommand, succeeds } from './run-command.ts'
import { startBrokerUnderTest, uniqueName } from './start-broker-under-test.ts'

let broker: Broker
let kafka: Kafka
let producer: Producer
let inspector: LogInspector
const created: string[] = []
const waiting = { timeout: 60_000, interval: 100 }

const ready = Promise.withResolvers<void>()
beforeAll(async () => {
  broker = await startBrokerUnderTest()
  const brokers = broker.endpoint.split(',')
  kafka = new Kafka({ brokers, logLevel: logLevel.NOTHING })
  producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  inspector = kafkaLogInspector({ brokers, clientId: 'inspector-test' })
  ready.resolve()
})
afterAll(async () => {
  const admin = kafka.admin()
  await admin.connect()
  await admin.deleteTopics({ topics: created })
  await admin.disconnect()
  await producer.disconnect()
  await broker.stop()
})

async function createTopic(numPartitions = 2, prefix = ''): Promise<string> {
  const topic = `${prefix}${uniqueName('inspected')}`
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic, numPartitions }], waitForLeaders: true })
  await admin.disconnect()
  created.push(topic)
  return topic
}

/** The cluster as a stage sees it whose topics begin with a prefix. */
const seenWith = (prefix: string) => async (): Promise<InspectedCluster> => {
  await ready.promise
  return {
    inspector: kafkaLogInspector({
      brokers: broker.endpoint.split(','),
      clientId: 'inspector-test',
      topicPrefix: prefix,
    }),
    createTopic: async () => (await createTopic(2, prefix)).slice(prefix.length),
    async append({ topic, partition }, records) {
      for (const { timestamp, key, value, headers = {} } of records)
        await producer.send({
          topic: `${prefix}${topic}`,
          messages: [{ partition, key: key ?? null, value, headers, timestamp: String(timestamp) }],
        })
    },
  }
}

describeLogInspector('on Kafka', seenWith(''))
describeLogInspector('on Kafka, with a prefix', seenWith('stage.'))

describe('the LogInspector on Kafka', () => {
  async function consume(groupId: string, topic: string): Promise<Consumer> {
    const consumer = kafka.consumer({ groupId, sessionTimeout: 6000, heartbeatInterval: 500 })
    await consumer.connect()
    onTestFinished(() => consumer.disconnect())
    await consumer.subscribe({ topic, fromBeginning: true })
    await consumer.run({ autoCommit: false, eachMessage: async () => {} })
    return consumer
  }
  /** Reads a topic of one partition with the LogReader. */
  async function readAll(topic: string): Promise<string[]> {
    const reader = kafkaLogReader({ brokers: broker.endpoint.split(','), clientId: 'reader-test' })
    const values: string[] = []
    const take = async (records: readonly KafkaRecord[]) => {
      values.push(...records.map(({ value }) => String(value)))
    }
    await reader.read(await reader.held([topic]), take, new AbortController().signal)
    return values
  }
  const findGroup = async (name: string) => (await inspector.groups()).find((group) => group.name === name)

  it('sees a group with its members, their partitions, and what it has committed', async () => {
    const topic = await createTopic()
    const groupId = uniqueName('group')
    await producer.send({ topic, messages: [0, 1, 2].map((n) => ({ partition: 0, value: `${n}` })) })

    const consumer = await consume(groupId, topic)
    await vi.waitFor(
      async () => expect(await findGroup(groupId)).toMatchObject({ state: 'Stable', members: [{}] }),
      waiting,
    )
    await consumer.commitOffsets([{ topic, partition: 0, offset: '2' }])

    expect(await findGroup(groupId)).toEqual({
      name: groupId,
      state: 'Stable',
      members: [
        {
          id: expect.any(String),
          client: 'kafkajs',
          host: expect.stringMatching(/^[\d.:a-f]+$/),
          partitions: [
            { topic, partition: 0 },
            { topic, partition: 1 },
          ],
        },
      ],
      committed: [{ topic, partition: 0, offset: 2 }],
    })
    await consumer.disconnect()
    await vi.waitFor(
      async () => expect(await findGroup(groupId)).toMatchObject({ state: 'Empty', members: [] }),
      waiting,
    )
    expect(await findGroup(groupId)).toMatchObject({ committed: [{ topic, partition: 0, offset: 2 }] })
  })

  it('reads batches that are compressed with gzip, from their middle too', async () => {
    const topic = await createTopic(1)
    const messages = ['a', 'b', 'c'].map((value) => ({ value }))
    await producer.send({ topic, compression: CompressionTypes.GZIP, messages })

    const { records, next } = await inspector.fetch({ topic, partition: 0, offset: 1 }, 1024)

    expect(records.map(({ offset, value }) => `${offset}=${value}`)).toEqual(['1=b', '2=c'])
    expect(next).toBe(3)
  })

  it.skipIf(!succeeds('kcat', ['-V'])).each(['gzip', 'snappy', 'lz4', 'zstd'])(
    'reads batches that kcat has compressed with %s, and so does the LogReader',
    async (codec) => {
      const topic = await createTopic(1)
      const values = Array.from({ length: 50 }, (_, n) => `the same text, so that it is compressed ${n}`)
      await runCommand(
        'kcat',
        ['-b', broker.endpoint, '-P', '-t', topic, '-z', codec],
        `${values.join('\n')}\n`,
      )

      const { records, next } = await inspector.fetch({ topic, partition: 0, offset: 10 }, 1024)
      const [time] = await inspector.times([{ topic, partition: 0, offset: 0 }])

      expect(records.map(({ value }) => String(value))).toEqual(values.slice(10, next))
      expect(time).toBeGreaterThan(Date.now() - 60_000)
      expect(await readAll(topic)).toEqual(values)
    },
  )

  it.skipIf(!succeeds('kcat', ['-V']))(
    'reads headers of any name, one after the other, without those that have no value',
    async () => {
      const topic = await createTopic(1)
      const given = [
        'constructor=c',
        'toString=t',
        '__proto__=p',
        'again=1',
        'again=2',
        'none',
        'empty=',
        '1=n',
      ]
      const headers = given.flatMap((header) => ['-H', header])
      await runCommand('kcat', ['-b', broker.endpoint, '-P', '-t', topic, ...headers], 'value\n')

      const { records } = await inspector.fetch({ topic, partition: 0, offset: 0 }, 1024)

      const found = records[0]?.headers.map(({ name, value }) => `${name}=${Buffer.from(value)}`)
      expect(found).toEqual(given.filter((header) => header !== 'none'))
      expect(await readAll(topic)).toEqual(['value'])
    },
  )

  it('shows neither the records of aborted transactions nor the markers, and passes them', async (context) => {
    const topic = await createTopic(1)
    const writer = kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      transactionalId: uniqueName('transaction'),
      createPartitioner: Partitioners.DefaultPartitioner,
      retry: { retries: 1 },
    })
    const begun = await writer
      .connect()
      .then(() => writer.transaction())
      .catch(() => null)
    onTestFinished(() => writer.disconnect())
    if (begun === null) return context.skip('the local broker has no transactions')
    await begun.send({ topic, messages: [{ value: 'aborted' }] })
    await begun.abort()
    await producer.send({ topic, messages: [{ value: 'kept' }] })

    const values: string[] = []
    let offset = 0
    // Kafka shows what follows a transaction once it has written the marker of its end.
    const readOn = async () => {
      const fetched = await inspector.fetch({ topic, partition: 0, offset }, 1024)
      values.push(...fetched.records.map(({ value }) => String(value)))
      offset = fetched.next
      return values
    }
    await expect.poll(readOn, { timeout: 30_000 }).toEqual(['kept'])
    expect(offset).toBe((await inspector.fetch({ topic, partition: 0, offset }, 1024)).latest)
  })

  it('refuses within seconds what no broker responds to', async () => {
    const away = kafkaLogInspector({ brokers: ['127.0.0.1:9'], clientId: 'inspector-test' })

    await expect(away.layout()).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('Kafka does not respond (127.0.0.1:9)'),
      retryAfterSeconds: 5,
    })
  })
})
