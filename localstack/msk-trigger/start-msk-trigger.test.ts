import { gzipSync, zstdCompressSync } from 'node:zlib'
import { CompressionTypes } from 'kafkajs'
import lz4 from 'lz4js'
import snappy from 'snappyjs'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { InvokeResult } from './lambda-invoker.ts'
import { createTestCluster, numbers, startRecordingTrigger } from './testing/test-cluster.ts'

const failure: InvokeResult = { functionError: { errorType: 'Error', errorMessage: 'boom' } }
const done: InvokeResult = { payload: null }
const waiting = { timeout: 15_000, interval: 10 }
const failedAt = (partition: string, offset: number): InvokeResult => ({
  payload: { batchItemFailures: [{ itemIdentifier: { partition, offset } }] },
})

let cluster: Awaited<ReturnType<typeof createTestCluster>>
beforeAll(async () => {
  cluster = await createTestCluster()
})
afterAll(() => cluster.close())

const start = (options: Omit<Parameters<typeof startRecordingTrigger>[0], 'brokers'>) =>
  startRecordingTrigger({ brokers: cluster.brokers, ...options })

test('records of every partition are invoked in order and committed', async () => {
  const topic = await cluster.createTopic(3)
  const trigger = await start({ topic, batchSize: 10 })
  for (const partition of [0, 1, 2]) await cluster.produce(topic, numbers(0, 25), partition)
  await vi.waitFor(() => expect(trigger.values()).toHaveLength(75), waiting)
  await trigger.stop()

  for (const partition of [0, 1, 2]) {
    const own = trigger.invocations.filter((invocation) => invocation.partition === partition)
    expect(own.flatMap(({ values }) => values)).toEqual(numbers(0, 25))
    expect(own.every(({ offsets }) => offsets.length <= 10)).toBe(true)
  }
  expect(await cluster.committed(trigger.groupId, topic)).toEqual([25, 25, 25])
})

test('a partition that is added is consumed from its beginning within seconds', async () => {
  const topic = await cluster.createTopic(1)
  const trigger = await start({ topic })
  await cluster.produce(topic, ['old'])
  await vi.waitFor(() => expect(trigger.values()).toEqual(['old']), waiting)

  await cluster.grow(topic, 2)
  await cluster.produce(topic, ['new'], 1)

  await vi.waitFor(() => expect(trigger.values()).toEqual(['old', 'new']), waiting)
  await trigger.stop()
})

test('the window collects records across fetches, up to the batch size', async () => {
  const topic = await cluster.createTopic()
  const trigger = await start({ topic, batchSize: 4, windowMs: 2_000 })
  for (const value of numbers(0, 6)) await cluster.produce(topic, [value])
  await vi.waitFor(() => expect(trigger.values()).toHaveLength(6), waiting)
  await trigger.stop()

  expect(trigger.invocations.map(({ values }) => values)).toEqual([numbers(0, 4), numbers(4, 6)])
})

test('a partition waits for its own invocation and not for those of others', async () => {
  const topic = await cluster.createTopic(2)
  const gate = Promise.withResolvers<InvokeResult>()
  let running = 0
  let most = 0
  const trigger = await start({
    topic,
    batchSize: 1,
    respond: async ({ partition }) => {
      most = Math.max(most, partition === 0 ? ++running : running)
      const result = partition === 0 ? await gate.promise : done
      if (partition === 0) running -= 1
      return result
    },
  })
  await cluster.produce(topic, numbers(0, 3), 0)
  await vi.waitFor(() => expect(trigger.invocations).toHaveLength(1), waiting)
  await cluster.produce(topic, numbers(10, 20), 1)
  await vi.waitFor(() => expect(trigger.invocations).toHaveLength(11), waiting)
  gate.resolve(done)
  await vi.waitFor(() => expect(trigger.invocations).toHaveLength(13), waiting)
  await trigger.stop()

  expect(most).toBe(1)
})

test('a reported failure is retried from its offset and what is before it is committed', async () => {
  const topic = await cluster.createTopic()
  let broken = true
  const trigger = await start({
    topic,
    respond: ({ offsets }) => (broken && offsets.includes(2) ? failedAt(`${topic}-0`, 2) : done),
  })
  await cluster.produce(topic, numbers(0, 5))
  await vi.waitFor(() => expect(trigger.invocations.length).toBeGreaterThan(3), waiting)
  await vi.waitFor(async () => expect(await cluster.committed(trigger.groupId, topic)).toEqual([2]), waiting)
  broken = false
  await vi.waitFor(async () => expect(await cluster.committed(trigger.groupId, topic)).toEqual([5]), waiting)
  await trigger.stop()

  expect(trigger.invocations.slice(1).every(({ offsets }) => offsets[0] === 2)).toBe(true)
})

test('what is given up is in the on-failure topic and the partition goes on', async () => {
  const topic = await cluster.createTopic()
  const onFailureTopic = await cluster.createTopic()
  const trigger = await start({
    topic,
    onFailureTopic,
    maxRetries: 1,
    bisect: true,
    respond: ({ offsets }) => (offsets.includes(3) ? failure : done),
  })
  const dead = await start({ topic: onFailureTopic })
  await cluster.produce(topic, numbers(0, 8))
  await vi.waitFor(() => expect(dead.values()).toHaveLength(1), waiting)
  await vi.waitFor(async () => expect(await cluster.committed(trigger.groupId, topic)).toEqual([8]), waiting)
  await trigger.stop()
  await dead.stop()

  const record = JSON.parse(dead.values()[0] ?? '{}')
  expect(record.requestContext).toMatchObject({ condition: 'RetryAttemptsExhausted' })
  expect(record.KafkaBatchInfo).toMatchObject({
    batchSize: 1,
    recordsInfo: { [`${topic}-0`]: { firstRecordOffset: '3', lastRecordOffset: '3' } },
  })
  expect(JSON.parse(record.payload).records[`${topic}-0`]).toHaveLength(1)
})

test('records of every codec of Kafka are passed on as they were before', async () => {
  const topic = await cluster.createTopic()
  const trigger = await start({ topic })
  const { GZIP, Snappy, LZ4, ZSTD } = CompressionTypes
  await cluster.produceCompressed(topic, numbers(0, 50), GZIP, (bytes) => gzipSync(bytes))
  await cluster.produceCompressed(topic, numbers(50, 100), Snappy, (bytes) => snappy.compress(bytes))
  // Kafka takes no frames whose blocks depend on each other; this header says of the one block that it does not.
  const header = Buffer.from('04224d18604082', 'hex')
  const framed = (bytes: Buffer) => Buffer.concat([header, lz4.compress(bytes).subarray(header.length)])
  await cluster.produceCompressed(topic, numbers(100, 150), LZ4, framed)
  await cluster.produceCompressed(topic, numbers(150, 200), ZSTD, (bytes) => zstdCompressSync(bytes))
  await vi.waitFor(() => expect(trigger.values()).toHaveLength(200), waiting)
  await trigger.stop()

  expect(trigger.values()).toEqual(numbers(0, 200))
  expect(trigger.log).toEqual([])
})

test('a restart goes on after what was committed', async () => {
  const topic = await cluster.createTopic()
  await cluster.produce(topic, numbers(0, 5))
  const first = await start({ topic })
  await vi.waitFor(() => expect(first.values()).toHaveLength(5), waiting)
  await first.stop()
  await cluster.produce(topic, numbers(5, 8))
  const second = await start({ topic })
  await vi.waitFor(() => expect(second.values()).toHaveLength(3), waiting)
  await second.stop()

  expect(second.values()).toEqual(numbers(5, 8))
})

test('a restart repeats what had not succeeded', async () => {
  const topic = await cluster.createTopic()
  await cluster.produce(topic, numbers(0, 5))
  const first = await start({ topic, respond: () => failure })
  await vi.waitFor(() => expect(first.invocations.length).toBeGreaterThan(1), waiting)
  await first.stop()
  const second = await start({ topic })
  await vi.waitFor(() => expect(second.values()).toEqual(numbers(0, 5)), waiting)
  await second.stop()

  expect(first.log.every((line) => line.includes('boom'))).toBe(true)
})

test('stop waits for the running invocation and commits it', async () => {
  const topic = await cluster.createTopic()
  const gate = Promise.withResolvers<InvokeResult>()
  const trigger = await start({ topic, batchSize: 2, respond: () => gate.promise })
  const idle = await start({ topic: await cluster.createTopic() })
  await cluster.produce(topic, numbers(0, 5))
  await vi.waitFor(() => expect(trigger.invocations).toHaveLength(1), waiting)
  let stopped = false
  const stopping = trigger.stop().then(() => {
    stopped = true
  })
  // What has no invocation to wait for has stopped meanwhile.
  await idle.stop()
  const early = stopped
  gate.resolve(done)
  await stopping

  expect(early).toBe(false)
  expect(trigger.invocations).toHaveLength(1)
  const [committed = 0] = await cluster.committed(trigger.groupId, topic)
  expect(committed).toBe(trigger.invocations[0]?.offsets.length)
})

test('when triggers join and leave, nothing is lost and first deliveries are in order', async () => {
  const topic = await cluster.createTopic(4)
  const partitions = [0, 1, 2, 3]
  const slowly = async (): Promise<InvokeResult> => {
    await new Promise((resolve) => setTimeout(resolve, 5 * Math.random()))
    return Math.random() < 0.05 ? failure : done
  }
  const triggers = [await start({ topic, batchSize: 7, respond: slowly })]
  const all = () => triggers.flatMap(({ invocations }) => invocations).sort((a, b) => a.at - b.at)
  for (let round = 0; round < 4; round += 1) {
    for (const partition of partitions) {
      await cluster.produce(topic, numbers(round * 50, round * 50 + 50), partition)
    }
    if (round < 2) triggers.push(await start({ topic, batchSize: 7, respond: slowly }))
    if (round === 2) await triggers[0]?.stop()
    const members = round < 2 ? round + 2 : 2
    await vi.waitFor(
      async () => expect(await cluster.describeGroup(`g-${topic}`)).toEqual({ state: 'Stable', members }),
      waiting,
    )
  }
  await vi.waitFor(
    async () => expect(await cluster.committed(`g-${topic}`, topic)).toEqual([200, 200, 200, 200]),
    waiting,
  )
  await Promise.all(triggers.map((trigger) => trigger.stop()))

  for (const partition of partitions) {
    const own = all().filter((invocation) => invocation.partition === partition)
    const firsts = [...new Set(own.flatMap(({ offsets }) => offsets))]
    expect(firsts).toEqual(Array.from({ length: 200 }, (_, offset) => offset))
  }
}, 60_000)

test('a consumer of kafkajs in the same group gets its share of the partitions', async () => {
  const topic = await cluster.createTopic(2)
  const trigger = await start({ topic })
  const values: string[] = []
  const stopOther = await cluster.consume(topic, trigger.groupId, (value) => values.push(value))
  await vi.waitFor(
    async () => expect(await cluster.describeGroup(trigger.groupId)).toEqual({ state: 'Stable', members: 2 }),
    waiting,
  )
  await cluster.produce(topic, ['a'], 0)
  await cluster.produce(topic, ['b'], 1)
  await vi.waitFor(() => expect([trigger.values().length, values.length]).toEqual([1, 1]), waiting)
  await stopOther()
  await trigger.stop()

  expect([...trigger.values(), ...values].sort()).toEqual(['a', 'b'])
})
