import { expect, test } from 'vitest'
import { domains } from '#shared/domain/catalog.ts'
import { createCatalog } from '#shared/pipeline/catalog.ts'
import { makeContext, makeHttpEvent } from '#shared/testing/functions/lambda-events.ts'
import { memoryEventStore } from '#shared/testing/memory/memory-event-store.ts'
import { memoryLimits } from '#shared/testing/memory/memory-limits.ts'
import { createHealth, type HealthDeps } from './health.ts'

const catalog = createCatalog(domains)
const get = (store: HealthDeps['store']) =>
  createHealth({ store, catalog, limits: memoryLimits() })(
    makeHttpEvent('GET', '/health'),
    makeContext(10_000),
  )

test('/health is ok, and names the topics, when the table of events can be read', async () => {
  const { statusCode, body = '' } = await get(memoryEventStore())

  expect(statusCode).toBe(200)
  expect(JSON.parse(body)).toEqual({ status: 'ok', topics: catalog.names })
})

test('/health is no success when the table of events cannot be read', async () => {
  const { statusCode } = await get({ topic: () => Promise.reject(new Error('no table')) })

  expect(statusCode).toBe(500)
})
