import {
  type Admin,
  CompressionTypes,
  type Consumer,
  Kafka,
  logLevel,
  Partitioners,
  type Producer,
} from 'kafkajs'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { Broker } from '../../localstack/broker/start-broker.ts'
import { startBrokerUnderTest, uniqueName } from './start-broker-under-test.ts'

let broker: Broker
let kafka: Kafka
let admin: Admin
let producer: Producer
/** Deleted at the end, because a kafkajs producer continues to request metadata of every topic that it wrote to. */
const created: string[] = []

beforeAll(async () => {
  broker = await startBrokerUnderTest()
  kafka = new Kafka({ brokers: broker.endpoint.split(','), logLevel: logLevel.NOTHING })
  admin = kafka.admin()
  producer = kafka.producer({ idempotent: true, createPartitioner: Partitioners.DefaultPartitioner })
  await Promise.all([admin.connect(), producer.connect()])
})

afterAll(async () => {
  await producer.disconnect()
  await admin.deleteTopics({ topics: created })
  await admin.disconnect()
  await broker.stop()
})

async function createTopic(numPartitions: number): Promise<string> {
  const topic = uniqueName('kafkajs')
  await admin.createTopics({ topics: [{ topic, numPartitions }], waitForLeaders: true })
  created.push(topic)
  return topic
}

/** Consumes until there are `count` values. They are added to `values` as they arrive. */
async function consume(
  topic: string,
  groupId: string,
  count: number,
): Promise<{ consumer: Consumer; values: string[] }> {
  const consumer = kafka.consumer({
    groupId,
    sessionTimeout: 6_000,
    heartbeatInterval: 500,
    maxWaitTimeInMs: 200,
  })
  const values: string[] = []
  await consumer.connect()
  onTestFinished(() => consumer.disconnect())
  await consumer.subscribe({ topic, fromBeginning: true })
  await new Promise<void>((resolve) => {
    void consumer.run({
      eachMessage: async ({ partition, message }) => {
        values.push(`${partition}/${message.offset}=${message.value}`)
        if (values.length === count) resolve()
      },
    })
    if (count === 0) resolve()
  })
  return { consumer, values }
}

describe('kafkajs', () => {
  it('reads back what it produced, compressed or not, in order', async () => {
    const topic = await createTopic(1)

    await producer.send({ topic, messages: [{ value: 'a' }, { value: 'b', headers: { h: 'x' } }] })
    await producer.send({
      topic,
      compression: CompressionTypes.GZIP,
      messages: [{ value: 'c' }, { value: 'd' }],
    })
    const { values } = await consume(topic, uniqueName('group'), 4)

    expect(values).toEqual(['0/0=a', '0/1=b', '0/2=c', '0/3=d'])
  })

  it('resumes from the offsets that the group committed', async () => {
    const topic = await createTopic(1)
    const groupId = uniqueName('group')
    await producer.send({ topic, messages: [{ value: 'a' }, { value: 'b' }] })

    const { consumer } = await consume(topic, groupId, 2)
    await consumer.disconnect()
    await producer.send({ topic, messages: [{ value: 'c' }] })
    const { values } = await consume(topic, groupId, 1)

    expect(values).toEqual(['0/2=c'])
    const [committed] = await admin.fetchOffsets({ groupId, topics: [topic] })
    expect(Number(committed?.partitions[0]?.offset)).toBeGreaterThanOrEqual(2)
  })

  it('shares the partitions of a topic between two consumers, and gives all to the one that stays', async () => {
    const topic = await createTopic(4)
    const groupId = uniqueName('group')
    const first = await consume(topic, groupId, 0)
    const second = await consume(topic, groupId, 0)
    const owned = async () => {
      const { groups } = await admin.describeGroups([groupId])
      return groups[0]?.state === 'Stable' ? groups[0].members.length : 0
    }

    await expect.poll(owned, { timeout: 30_000 }).toBe(2)
    await second.consumer.disconnect()
    await expect.poll(owned, { timeout: 30_000 }).toBe(1)
    await producer.send({ topic, messages: [0, 1, 2, 3].map((partition) => ({ partition, value: 'x' })) })

    await expect.poll(() => first.values.length, { timeout: 30_000 }).toBe(4)
  })

  it('administers topics, partitions, offsets and groups', async () => {
    const topic = await createTopic(2)
    const groupId = uniqueName('group')
    await admin.createPartitions({ topicPartitions: [{ topic, count: 3 }] })
    await producer.send({ topic, messages: [{ partition: 2, value: 'a', timestamp: '1700000000000' }] })
    await admin.setOffsets({ groupId, topic, partitions: [{ partition: 2, offset: '1' }] })

    const offsets = await admin.fetchTopicOffsets(topic)
    const byTime = await admin.fetchTopicOffsetsByTimestamp(topic, 1_600_000_000_000)
    const groups = await admin.listGroups()

    expect(offsets.find(({ partition }) => partition === 2)).toMatchObject({ low: '0', high: '1' })
    expect(byTime.find(({ partition }) => partition === 2)?.offset).toBe('0')
    expect(groups.groups.map((group) => group.groupId)).toContain(groupId)
    await admin.deleteGroups([groupId])
    expect((await admin.listGroups()).groups.map((group) => group.groupId)).not.toContain(groupId)
  })

  it('is refused a transaction', async ({ skip }) => {
    skip(Boolean(process.env.KAFKA_BROKERS), 'a real cluster has transactions')
    const transactional = kafka.producer({
      transactionalId: 'tx',
      maxInFlightRequests: 1,
      createPartitioner: Partitioners.DefaultPartitioner,
    })

    await transactional.connect()
    onTestFinished(() => transactional.disconnect())

    await expect(transactional.transaction()).rejects.toThrow('Failed to find group coordinator')
  })
})
