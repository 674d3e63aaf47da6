import { randomUUID } from 'node:crypto'
import { createServer } from 'node:net'
import { Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kafkaEventLog } from '#shared/adapters/kafka/kafka-event-log.ts'
import { type Problem, post, type Receipt, readLog } from '../support/api.ts'
import { startStack, type TestStack } from '../support/start-stack.ts'
import { type SpawnedBroker, spawnBroker } from './spawn-broker.ts'

const PROMISED_MS = 5000
let broker: SpawnedBroker
let timings: string[]

beforeAll(async () => {
  timings = []
  broker = await spawnBroker()
})
afterAll(async () => {
  console.log(timings.join('\n'))
  await broker?.dispose()
})

/** Measures the duration for the report. */
async function timed<T>(name: string, work: () => Promise<T>): Promise<{ ms: number; result: T }> {
  const begin = performance.now()
  const result = await work()
  const ms = performance.now() - begin
  timings.push(`${name}: ${ms.toFixed(0)} ms`)
  return { ms, result }
}

describe('the event log', () => {
  const topic = 'outage'
  const record = (to = topic) => ({ topic: to, key: 'k', value: Buffer.from('{}'), headers: {} })
  const expectUnavailable = async (name: string, kafka: ReturnType<typeof kafkaEventLog>, to = topic) => {
    const refused = () => kafka.append([record(to)]).catch((error: unknown) => error)
    const { ms, result } = await timed(name, refused)
    expect(result).toMatchObject({ code: 'unavailable', retryAfterSeconds: 2 })
    expect(ms).toBeLessThan(PROMISED_MS)
  }

  beforeAll(async () => {
    const admin = new Kafka({ brokers: [broker.endpoint], logLevel: logLevel.NOTHING }).admin()
    await admin.connect()
    await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true })
    await admin.disconnect()
  })

  it('times out if nothing listens, and if a listener never responds', async () => {
    await expectUnavailable('nothing listens', kafkaEventLog({ brokers: ['127.0.0.1:1'] }))
    const mute = createServer().listen(0, '127.0.0.1')
    await new Promise((done) => mute.once('listening', done))
    const address = mute.address()
    const port = typeof address === 'object' && address ? address.port : 0
    await expectUnavailable('never responds', kafkaEventLog({ brokers: [`127.0.0.1:${port}`] }))
    mute.close()
  })

  it('times out for a partition without a leader, and continues with the others', async () => {
    const kafka = kafkaEventLog({ brokers: [broker.endpoint] })
    await kafka.append([record()])
    await expectUnavailable('no leader', kafka, 'no-such-topic')
    expect(await kafka.append([record()])).toHaveLength(1)
  })

  it('times out for a frozen broker, and writes as soon as it continues', async () => {
    const kafka = kafkaEventLog({ brokers: [broker.endpoint] })
    await kafka.append([record()])
    await broker.signal('SIGSTOP')
    await Promise.all([1, 2, 3].map((n) => expectUnavailable(`frozen ${n}`, kafka)))
    await broker.signal('SIGCONT')
    await timed('after the freeze', () => kafka.append([record()]))
  })

  it('times out for a killed broker, and writes as soon as it is back', async () => {
    const kafka = kafkaEventLog({ brokers: [broker.endpoint] })
    await kafka.append([record()])
    await broker.signal('SIGKILL')
    await expectUnavailable('killed', kafka)
    await broker.start()
    await timed('after the restart', () => kafka.append([record()]))
    await broker.signal('SIGKILL')
    await broker.start()
    await timed('after a restart that it did not see', () => kafka.append([record()]))
  })
})

describe('the whole stack', () => {
  let stack: TestStack
  beforeAll(async () => {
    stack = await startStack({ env: { KAFKA_BROKERS: broker.endpoint } })
  })
  afterAll(() => stack?.dispose())

  const send = (id: string, channel: string) => {
    const event = { id, source: '/outage', type: 'test.outage', category: channel }
    return post(stack.httpUrl, JSON.stringify(event))
  }
  const sendUntilAccepted = async (id: string, channel: string) => {
    for (;;) {
      const { status, json } = await send(id, channel)
      if (status === 202) return json as Receipt
      expect([409, 503]).toContain(status)
    }
  }

  it.each(['SIGSTOP', 'SIGKILL'] as const)(
    'returns 503 with Retry-After within 5 s after %s, then 202 with one event for each id',
    async (signal) => {
      const channel = `test.${randomUUID().slice(0, 8)}`
      const ids = Array.from({ length: 5 }, () => randomUUID())
      await send(randomUUID(), channel)

      await broker.signal(signal)
      const refusals = await Promise.all(ids.map((id) => timed(signal, () => send(id, channel))))
      if (signal === 'SIGSTOP') await broker.signal('SIGCONT')
      else await broker.start()
      const { result } = await timed(`accepted after ${signal}`, () =>
        Promise.all(ids.map((id) => sendUntilAccepted(id, channel))),
      )

      for (const { ms, result: answer } of refusals) {
        expect([answer.status, (answer.json as Problem).type]).toEqual([
          503,
          'urn:tidewire:problem:unavailable',
        ])
        expect(answer.headers.get('retry-after')).toBe('2')
        expect(ms).toBeLessThan(PROMISED_MS)
      }
      await expect.poll(async () => (await readLog(stack.httpUrl, channel)).length).toBe(6)
      const log = await readLog(stack.httpUrl, channel)
      const stored = new Map(log.map(({ event, offset }) => [event.id, offset]))
      expect(result.map(({ offset }) => offset)).toEqual(ids.map((id) => stored.get(id)))
    },
  )
})
