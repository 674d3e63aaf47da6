import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createTestCluster, startRecordingTrigger } from './testing/test-cluster.ts'

const waiting = { timeout: 15_000, interval: 10 }

let cluster: Awaited<ReturnType<typeof createTestCluster>>
beforeAll(async () => {
  cluster = await createTestCluster()
})
afterAll(() => cluster.close())

const start = (options: Omit<Parameters<typeof startRecordingTrigger>[0], 'brokers'>) =>
  startRecordingTrigger({ brokers: cluster.brokers, ...options })

test('LATEST starts at the end once, and forgets nothing when it stops before its first record', async () => {
  const topic = await cluster.createTopic(2)
  await cluster.produce(topic, ['old'])
  const latest = { topic, startingPosition: { at: 'LATEST' } } as const
  const first = await start(latest)
  await vi.waitFor(async () => expect(await cluster.committed(first.groupId, topic)).toEqual([1, 0]), waiting)
  await first.stop()
  await cluster.produce(topic, ['missed'])
  await cluster.produce(topic, ['missed too'], 1)
  const second = await start(latest)
  await vi.waitFor(() => expect(second.values()).toHaveLength(2), waiting)
  await second.stop()

  expect(second.values().sort()).toEqual(['missed', 'missed too'])
})

test('LATEST reads a topic that is created after the trigger started from its beginning', async () => {
  const topic = `t-late-${Date.now()}`
  const trigger = await start({ topic, startingPosition: { at: 'LATEST' } })
  await vi.waitFor(() => expect(trigger.log.join()).toContain(`there is no topic ${topic} yet`), waiting)
  await cluster.createTopic(1, topic)
  await cluster.produce(topic, ['first'])
  await vi.waitFor(() => expect(trigger.values()).toEqual(['first']), waiting)
  await trigger.stop()
})

test('AT_TIMESTAMP starts at the first record of that time', async () => {
  const topic = await cluster.createTopic()
  const timestamp = Date.now()
  await cluster.produce(topic, ['before'], 0, timestamp - 1)
  await cluster.produce(topic, ['after'], 0, timestamp)
  const trigger = await start({ topic, startingPosition: { at: 'AT_TIMESTAMP', timestamp } })
  await vi.waitFor(() => expect(trigger.values()).toEqual(['after']), waiting)
  await trigger.stop()
})
