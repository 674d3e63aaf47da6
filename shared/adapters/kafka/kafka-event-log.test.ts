import { Buffer } from 'node:buffer'
import type { Socket } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { Refusal } from '#shared/core/refusal.ts'
import { API, startRecordingBroker } from '#shared/testing/kafka/recording-broker.ts'
import { kafkaEventLog } from './kafka-event-log.ts'

// The positions that a write returns are tested against real brokers in tests/. These tests use failing brokers, and one
// that records its requests.
const RECORD = { topic: 't', key: 'k', value: Buffer.from('{}'), headers: {} }

test('a write that no broker accepts is refused as unavailable, and can be retried', async () => {
  const kafka = kafkaEventLog({ brokers: ['127.0.0.1:9'], clientId: 'test' })

  const refusal = await kafka.append([RECORD]).catch((error: unknown) => error)

  expect(refusal).toBeInstanceOf(Refusal)
  expect(refusal).toMatchObject({ code: 'unavailable', retryAfterSeconds: 2 })
  expect((refusal as Refusal).cause).toBeInstanceOf(Error)
})

test('a write to a broker that accepts connections but never responds is refused after the timeout', async () => {
  const { broker, silenceNew } = await startBroker()
  silenceNew()
  const kafka = kafkaEventLog({ brokers: [broker], clientId: 'test' }, { patienceMs: 50 })

  const refusal = await kafka.append([RECORD]).catch((error: unknown) => error)

  expect(refusal).toMatchObject({
    code: 'unavailable',
    cause: { message: 'no response from Kafka within 50 ms' },
  })
})

/** A broker that is stopped after the test. */
async function startBroker() {
  const broker = await startRecordingBroker()
  onTestFinished(broker.stop)
  return broker
}

const areClosed = (sockets: readonly Socket[]) =>
  expect.poll(() => sockets.every(({ destroyed }) => destroyed)).toBe(true)

test('a write requests the acknowledgement of all in-sync replicas', async () => {
  const { broker, acks } = await startBroker()
  const kafka = kafkaEventLog({ brokers: [broker], clientId: 'test' })

  const positions = await kafka.append([RECORD])

  expect(positions).toEqual([{ topic: 't', partition: 0, offset: 7 }])
  expect(acks).toEqual([-1])
})

test('partitions that are added are noticed within ten seconds', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  onTestFinished(() => void vi.useRealTimers())
  const { broker, requests } = await startBroker()
  const kafka = kafkaEventLog({ brokers: [broker], clientId: 'test' })
  const layouts = () => requests.filter((api) => api === API.metadata).length
  await kafka.append([RECORD])
  await kafka.append([RECORD])
  const before = layouts()

  vi.setSystemTime(Date.now() + 10_001)
  await kafka.append([RECORD])

  expect(layouts()).toBe(before + 1)
})

test('a write after a minute without one has connections of its own', async () => {
  let now = 0
  const { broker, sockets, silence } = await startBroker()
  const kafka = kafkaEventLog({ brokers: [broker], clientId: 'test' }, { now: () => now })
  await kafka.append([RECORD])
  const first = sockets.length
  now += 60_000
  await kafka.append([RECORD])
  expect(sockets).toHaveLength(first)
  silence() // dropped without notice
  now += 60_001

  expect(await kafka.append([RECORD])).toHaveLength(1)

  await areClosed(sockets.slice(0, first))
})

test('a write on a connection that was dropped without notice is repeated on a new one', async () => {
  const { broker, sockets, silence } = await startBroker()
  const kafka = kafkaEventLog({ brokers: [broker], clientId: 'test' }, { silenceMs: 20 })
  await kafka.append([RECORD])
  const first = [...sockets]
  silence()

  const positions = await Promise.all([kafka.append([RECORD]), kafka.append([RECORD])])

  expect(positions.flat()).toHaveLength(2)
  await areClosed(first)
})

test('a write fails that is without a response on the new connection too', async () => {
  const { broker, sockets, silence, silenceNew } = await startBroker()
  const kafka = kafkaEventLog({ brokers: [broker], clientId: 'test' }, { silenceMs: 20, patienceMs: 200 })
  await kafka.append([RECORD])
  silence()
  silenceNew()

  await expect(kafka.append([RECORD])).rejects.toMatchObject({ code: 'unavailable' })

  await areClosed(sockets)
})

test('connections are replaced when they have lasted, and what is under way on them is done first', async () => {
  let now = 0
  const { broker, sockets } = await startBroker()
  const access = { brokers: [broker], clientId: 'test', lastsMs: 600_000 }
  const kafka = kafkaEventLog(access, { now: () => now })
  for (now = 0; now <= 600_000; now += 50_000) await kafka.append([RECORD])
  const first = [...sockets]
  const underWay = kafka.append([RECORD])
  now += 1

  const positions = await Promise.all([underWay, kafka.append([RECORD])])

  expect(positions.flat()).toHaveLength(2)
  await areClosed(first)
  expect(sockets.length).toBeGreaterThan(first.length)
})

test('a connection that is opened before the first write is the one that it uses', async () => {
  const { broker, sockets } = await startBroker()
  const kafka = kafkaEventLog({ brokers: [broker], clientId: 'test' })

  await kafka.open(['t'])
  const opened = sockets.length
  await kafka.append([RECORD])

  expect(sockets).toHaveLength(opened)
  await kafka.close()
  await areClosed(sockets)
})

test('a first write on a connection that was opened, and dropped without notice since, is repeated', async () => {
  const { broker, silence } = await startBroker()
  const kafka = kafkaEventLog({ brokers: [broker], clientId: 'test' }, { silenceMs: 20 })
  await kafka.open(['t'])
  silence()

  expect(await kafka.append([RECORD])).toHaveLength(1)
})
