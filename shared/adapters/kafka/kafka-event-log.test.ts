import { Buffer } from 'node:buffer'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { Refusal } from '#shared/core/refusal.ts'
import { kafkaEventLog } from './kafka-event-log.ts'

// What a write answers is tested against real brokers in tests/; here, what happens when there is none.
const RECORD = { topic: 't', key: 'k', value: Buffer.from('{}'), headers: {} }
let server: Server | undefined

afterEach(() => server?.close())

test('a write that no broker takes is refused as unavailable, to be sent again', async () => {
  const kafka = kafkaEventLog({ brokers: ['127.0.0.1:9'], clientId: 'test' })
  const started = Date.now()

  const refusal = await kafka.append([RECORD]).catch((error: unknown) => error)

  expect(refusal).toBeInstanceOf(Refusal)
  expect(refusal).toMatchObject({ code: 'unavailable', retryAfterSeconds: 2 })
  expect((refusal as Refusal).cause).toBeInstanceOf(Error)
  expect(Date.now() - started).toBeLessThan(5500)
})

test('a write to a broker that takes connections and never answers is refused within its patience', async () => {
  server = createServer(() => {})
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const kafka = kafkaEventLog({ brokers: [`127.0.0.1:${port}`], clientId: 'test' })
  const started = Date.now()

  await expect(kafka.append([RECORD])).rejects.toMatchObject({ code: 'unavailable' })

  expect(Date.now() - started).toBeLessThan(5500)
})
