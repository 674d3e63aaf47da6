import { expect, onTestFinished, test } from 'vitest'
import { Refusal } from '#shared/core/refusal.ts'
import { startRecordingBroker } from '#shared/testing/kafka/recording-broker.ts'
import { kafkaSession } from './kafka-session.ts'

/** A session with a broker, and a clock that the test moves. What it asks is where the topic is. */
async function createSession(options: { readonly silenceMs?: number; readonly patienceMs?: number } = {}) {
  const kafka = await startRecordingBroker()
  onTestFinished(kafka.stop)
  const time = { now: 0 }
  const access = { brokers: [kafka.broker], clientId: 'test', lastsMs: 600_000 }
  const { ask } = kafkaSession(access, { ...options, now: () => time.now })
  const look = () => ask((cluster) => cluster.refreshMetadata())
  return { ...kafka, ask, look, time }
}

test('requests share connections, until they were idle for a minute or have lasted', async () => {
  const { look, sockets, time } = await createSession()
  await look()
  const first = sockets.length
  for (; time.now <= 600_000; time.now += 50_000) await look()
  expect(sockets).toHaveLength(first)

  await look() // they are too old
  const second = sockets.length
  time.now += 60_001
  await look()

  expect(second).toBeGreaterThan(first)
  expect(sockets.length).toBeGreaterThan(second)
})

test('a request on connections that were dropped without notice is repeated on new ones', async () => {
  const { look, sockets, silence } = await createSession({ silenceMs: 20 })
  await look()
  const first = [...sockets]
  silence()

  await look()

  await expect.poll(() => first.every(({ destroyed }) => destroyed)).toBe(true)
})

test('a request without a response on new connections too is refused, and can be made again', async () => {
  const { look, silence, silenceNew } = await createSession({ silenceMs: 20, patienceMs: 100 })
  await look()
  silence()
  silenceNew()

  await expect(look()).rejects.toMatchObject({ code: 'unavailable', retryAfterSeconds: 5 })
})

test('what a request itself refuses is thrown on, and the connections are kept', async () => {
  const { ask, look, sockets } = await createSession()
  await look()
  const first = sockets.length

  await expect(ask(() => Promise.reject(new Refusal('not_found', 'no such topic')))).rejects.toThrow(
    'no such topic',
  )

  await look()
  expect(sockets).toHaveLength(first)
})
