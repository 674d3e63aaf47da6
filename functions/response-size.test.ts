import { beforeAll, describe, expect, test } from 'vitest'
import { ACCEPT_LIMITS } from '#shared/core/limits.ts'
import { addEvent } from '#shared/testing/accept/logs.ts'
import { makeEvent, makeStored } from '#shared/testing/accept/records.ts'
import { makeLetter } from '#shared/testing/dead-letters/letters.ts'
import { identifyByRole, keyOf } from '#shared/testing/functions/http-calls.ts'
import { makeContext, makeHttpEvent } from '#shared/testing/functions/lambda-events.ts'
import { memoryAudit } from '#shared/testing/memory/memory-audit.ts'
import { memoryClaimStore } from '#shared/testing/memory/memory-claim-store.ts'
import { memoryDeadLetterStore } from '#shared/testing/memory/memory-dead-letter-store.ts'
import { memoryEventLog } from '#shared/testing/memory/memory-event-log.ts'
import { memoryEventStore } from '#shared/testing/memory/memory-event-store.ts'
import { memorySubscriptionStore } from '#shared/testing/memory/memory-subscription-store.ts'
import { memoryViewStore } from '#shared/testing/memory/memory-view-store.ts'
import { readEnvironment } from './lib/environment.ts'
import { composeRead, createRead } from './read.ts'
import { composeWrite, createWrite } from './write.ts'

/** Lambda's limit of a response, as the JSON of the result with its body as a string (6 MB). */
const MOST_BYTES = 6 * 1024 * 1024
const ITEMS = 120

/** Quotes are escaped in JSON, and the escapes again in the result of the function; in CSV they are doubled. */
const text = (bytes: number) => '"'.repeat(bytes)
const sizeOf = (result: unknown) => Buffer.byteLength(JSON.stringify(result))

let read: ReturnType<typeof createRead>

beforeAll(async () => {
  const store = memoryEventStore()
  const viewStore = memoryViewStore()
  const deadLetters = memoryDeadLetterStore()
  for (let offset = 0; offset < ITEMS; offset++) {
    // As JSON it has almost the 128 KB that one event may have.
    const data = { title: text(30_000), description: text(30_000) }
    const event = makeEvent(`e${offset}`, { category: 'port.port', type: 'port.notice', data })
    expect(sizeOf(event)).toBeLessThan(ACCEPT_LIMITS.eventBytes)
    await addEvent(store, makeStored({ topic: 'port-events', offset }, event))
    const place = { topic: 'port-events', partition: 0, offset }
    const { epoch } = await store.topic('port-events')
    await viewStore.save([
      { ...place, view: 'port/cases', key: `k${offset}`, epoch, state: { notes: text(50_000) } },
    ])
    const value = 'A'.repeat((256 * 1024 * 4) / 3)
    await deadLetters.put(makeLetter({ ...place, truncated: true, reason: text(1000), value }))
  }
  read = createRead({
    ...composeRead(readEnvironment(process.env)),
    identify: identifyByRole,
    claims: memoryClaimStore(),
    subscriptions: memorySubscriptionStore(),
    audit: memoryAudit(),
    store,
    viewStore,
    deadLetters,
  })
})

const get = (path: string, query: Readonly<Record<string, string>> = {}) =>
  read(makeHttpEvent('GET', path, { headers: keyOf('admin'), query }), makeContext(60_000))

describe('a response has at most 6 MB, and is not empty,', () => {
  test.each([
    ['/events', { limit: '500' }, 'next'],
    ['/events/since', { limit: '500', cursor: '' }, 'cursor'],
    ['/views/port/cases', { limit: '500', parts: 'true' }, 'next'],
    ['/dead-letters', { limit: '500' }, 'next'],
  ])('of %s %j, which says in "%s" that there is more', async (path, query, member) => {
    const result = await get(path, query as Record<string, string>)

    expect(result.statusCode).toBe(200)
    expect(sizeOf(result)).toBeLessThan(MOST_BYTES)
    const body = JSON.parse(result.body ?? '') as Record<string, unknown>
    expect(body[member]).toBeTruthy()
    const [items = []] = Object.values(body).filter(Array.isArray)
    expect(items.length).toBeGreaterThan(5)
    expect(items.length).toBeLessThan(ITEMS)
  })

  test('of CSV, which links to the next page', async () => {
    const result = await get('/events.csv', { limit: '5000' })

    expect(result.headers?.link).toContain('rel="next"')
    expect(sizeOf(result)).toBeLessThan(MOST_BYTES)
    expect(sizeOf(result)).toBeGreaterThan(500_000)
  })

  test.each(['/catalog', '/openapi.json', '/asyncapi.json', '/events/e1'])('of %s', async (path) => {
    const result = await get(path)

    expect(sizeOf(result)).toBeLessThan(MOST_BYTES)
    expect(sizeOf(result)).toBeGreaterThan(100)
  })

  test('of a batch of 500 events with the longest ids and sources', async () => {
    const write = createWrite({
      ...composeWrite(readEnvironment(process.env)),
      identify: identifyByRole,
      sourceOwner: async () => null,
      kafka: memoryEventLog(),
      claims: memoryClaimStore(),
      audit: memoryAudit(),
    })
    const source = `/${'s'.repeat(500)}`
    const batch = Array.from({ length: 500 }, (_, index) => ({
      ...makeEvent(`${text(900)}${index}`, { source, type: 't', category: 'tests.a' }),
      specversion: '1.0',
    }))
    const body = JSON.stringify(batch).slice(0, ACCEPT_LIMITS.bodyBytes)
    const headers = { ...keyOf('publisher'), 'content-type': 'application/cloudevents-batch+json' }

    const result = await write(makeHttpEvent('POST', '/events', { headers, body }), makeContext(60_000))

    expect(sizeOf(result)).toBeLessThan(MOST_BYTES)
  })
})
