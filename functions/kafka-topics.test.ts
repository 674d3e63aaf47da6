import { afterEach, expect, test, vi } from 'vitest'
import type { WantedTopic } from '#shared/adapters/kafka/kafka-topics.ts'
import { makeTopics } from './kafka-topics.ts'

const logged = vi.spyOn(console, 'error').mockImplementation(() => {})
afterEach(() => logged.mockClear())

const PROPERTIES = { Topics: [{ Name: 'prod.events', Partitions: '3', RetentionMs: '86400000' }] }

/** Makes topics in a Kafka that fails with these errors first. Each pause takes its time from what is left. */
async function make(errors: readonly Error[], leftMs = 60_000, properties: object = PROPERTIES) {
  const asked: (readonly WantedTopic[])[] = []
  const time = { left: leftMs }
  const ensure = async (topics: readonly WantedTopic[]) => {
    asked.push(topics)
    const error = errors[asked.length - 1]
    if (error) throw error
    return []
  }
  const sleep = async (ms: number) => {
    time.left -= ms
  }
  const deps = { ensure, brokers: 'b-1:9098', sleep }
  const outcome = await makeTopics({ ...properties }, () => time.left, deps).catch(String)
  return { asked, outcome }
}

const kafkaError = (message: string, more: object) => Object.assign(new Error(message), more)

test('numbers come as text, as CloudFormation sends them', async () => {
  const { asked, outcome } = await make([])

  expect(asked).toEqual([[{ name: 'prod.events', partitions: 3, retentionMs: 86_400_000 }]])
  expect(outcome).toEqual({})
})

test('a cluster that does not respond yet is tried until it does', async () => {
  const { asked, outcome } = await make([new Error('ECONNREFUSED'), new Error('ECONNREFUSED')])

  expect(outcome).toEqual({})
  expect(asked).toHaveLength(3)
})

test('what Kafka refuses is not tried again', async () => {
  const refusal = kafkaError('Topic creation errors', {
    errors: [kafkaError('Number of partitions is below 1', { type: 'INVALID_PARTITIONS' })],
  })

  const { asked, outcome } = await make([refusal])

  expect(asked).toHaveLength(1)
  expect(outcome).toContain('Kafka refuses the topics')
})

test.each([
  [new Error('connect ETIMEDOUT'), 'the security group of the brokers lets its own in'],
  [
    kafkaError('Access denied', { name: 'KafkaJSSASLAuthenticationError' }),
    'its role has kafka-cluster:Connect',
  ],
  [
    kafkaError('Not authorized to access topics', { type: 'TOPIC_AUTHORIZATION_FAILED' }),
    'must be allowed to list, create',
  ],
])('when the time is over, the reason says what to do: %s', async (error, advice) => {
  const { outcome } = await make(Array(20).fill(error), 20_000)

  expect(outcome).toContain(error.message)
  expect(outcome).toContain(advice)
  expect(outcome).toContain('b-1:9098')
})

test('properties of another form are refused', async () => {
  expect((await make([], 60_000, { Topics: [{ Name: 'x', Partitions: 'many' }] })).outcome).toContain(
    'Partitions',
  )
})
