import { expect, test } from 'vitest'
import { VERSION } from '#shared/core/version.ts'
import { domains } from '#shared/domain/catalog.ts'
import { createCatalog } from '#shared/pipeline/catalog.ts'
import { makeContext, makeHttpEvent } from '#shared/testing/functions/lambda-events.ts'
import { memoryEventStore } from '#shared/testing/memory/memory-event-store.ts'
import { memoryLimits } from '#shared/testing/memory/memory-limits.ts'
import { composeHealth, createHealth, type HealthDeps } from './health.ts'
import { readEnvironment } from './lib/environment.ts'

const catalog = createCatalog(domains)
const addresses = { socketUrl: 'wss://sockets.example' }
const copied: HealthDeps['copied'] = async () => ({ signingKeys: 1_800_000_000_000, people: null })
const get = (store: HealthDeps['store']) =>
  createHealth({ store, catalog, limits: memoryLimits(), copied, addresses })(
    makeHttpEvent('GET', '/health'),
    makeContext(10_000),
  )
const addressesWith = (env: Readonly<Record<string, string>>) => {
  const { LOCAL: _, ...cloud } = process.env
  return composeHealth(readEnvironment({ ...cloud, ...env })).addresses
}

test('/health is ok, and names topics, copies and the address of the sockets, when the table of events can be read', async () => {
  const { statusCode, body = '' } = await get(memoryEventStore())

  expect(statusCode).toBe(200)
  expect(JSON.parse(body)).toEqual({
    status: 'ok',
    version: VERSION,
    topics: catalog.names,
    copied: { signingKeys: '2027-01-15T08:00:00.000Z', people: null },
    ...addresses,
  })
})

test('/health is no success when the table of events cannot be read', async () => {
  const { statusCode } = await get({ topic: () => Promise.reject(new Error('no table')) })

  expect(statusCode).toBe(500)
})

test('/health of a deployed stage names its sockets and nothing inside', () => {
  const GATEWAY_ENDPOINT = 'https://abc.execute-api.eu-central-1.amazonaws.com/prod'
  const inside = { GATEWAY_ENDPOINT, KAFKA_BROKERS: 'b-1:9098', DYNAMODB_ENDPOINT: 'http://127.0.0.1:8000' }

  expect(addressesWith(inside)).toEqual({ socketUrl: GATEWAY_ENDPOINT.replace('https', 'wss') })
  expect(addressesWith({ ...inside, SOCKET_URL: 'wss://live.example.com' })).toEqual({
    socketUrl: 'wss://live.example.com',
  })
})

test('/health of a local stack also names Kafka, the tables, the page, and whether the demo runs', () => {
  const local = { LOCAL: '1', KAFKA_BROKERS: '127.0.0.1:9092', DYNAMODB_ENDPOINT: 'http://127.0.0.1:8000' }
  const parts = { ...local, SOCKET_URL: 'ws://localhost:3001', WEB_URL: 'http://localhost:5173', DEMO: '1' }

  expect(addressesWith(parts)).toEqual({
    socketUrl: 'ws://localhost:3001',
    kafka: '127.0.0.1:9092',
    tables: 'http://127.0.0.1:8000',
    page: 'http://localhost:5173',
    demo: true,
  })
})
