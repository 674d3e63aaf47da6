import { describe, expect, test } from 'vitest'
import { callHttp, identifyByRole, keyOf } from '#shared/testing/functions/http-calls.ts'
import { makeHttpEvent } from '#shared/testing/functions/lambda-events.ts'
import { memoryAudit } from '#shared/testing/memory/memory-audit.ts'
import { memoryClaimStore } from '#shared/testing/memory/memory-claim-store.ts'
import { memoryEventStore } from '#shared/testing/memory/memory-event-store.ts'
import { memoryLogInspector } from '#shared/testing/memory/memory-log-inspector.ts'
import { readEnvironment } from './lib/environment.ts'
import { composeStreams, createStreams } from './streams.ts'

const NOW = Date.parse('2026-03-01T08:00:00Z')
const PLACE = { topic: 'container-events', partition: 0 }

function createWorld() {
  const inspector = memoryLogInspector()
  inspector.create(PLACE.topic)
  const audit = memoryAudit()
  let elapsed = 0
  const streams = createStreams({
    ...composeStreams(readEnvironment(process.env)),
    identify: identifyByRole,
    inspector,
    audit,
    store: memoryEventStore(),
    claims: memoryClaimStore(),
    clock: {
      now: () => NOW + elapsed,
      elapsed: () => elapsed,
      sleep: async (ms) => {
        elapsed += ms
      },
    },
  })
  const call = (url: string, headers = keyOf('admin')) => {
    const [path = '', search] = url.split('?')
    const query = Object.fromEntries(new URLSearchParams(search))
    return callHttp(streams, makeHttpEvent('GET', path, { headers, query }))
  }
  return { inspector, audit, call, elapsed: () => elapsed }
}

describe('GET /streams', () => {
  test('shows topics and groups to operators, and no records', async () => {
    const { inspector, call, audit } = createWorld()
    inspector.append(PLACE, { value: 'x', timestamp: NOW })
    inspector.setGroup({ name: 'fold', state: 'Empty', members: [], committed: [{ ...PLACE, offset: 0 }] })

    expect(await call('/streams', keyOf('operator'))).toMatchObject({
      status: 200,
      body: {
        brokers: [{ id: 1 }],
        topics: [{ name: PLACE.topic, records: 1 }],
        groups: [{ name: 'fold', lag: 1 }],
      },
    })
    expect(await call(`/streams/${PLACE.topic}`, keyOf('operator'))).toMatchObject({
      status: 200,
      body: { name: PLACE.topic, config: [{ name: 'retention.ms' }], groups: [{ name: 'fold' }] },
    })
    expect(await call('/streams', keyOf('publisher'))).toMatchObject({ status: 403 })
    expect(await call(`/streams/${PLACE.topic}/0`, keyOf('operator'))).toMatchObject({ status: 403 })
    expect(audit.entries.map(({ action }) => action)).toEqual(['refused', 'refused'])
  })

  test('shows records to admins, and writes down that they were read', async () => {
    const { inspector, call, audit } = createWorld()
    inspector.append(PLACE, { value: 'x', timestamp: NOW })

    const response = await call(`/streams/${PLACE.topic}/0?offset=0&limit=5`)

    expect(response).toMatchObject({
      status: 200,
      body: { records: [{ offset: 0, value: 'eA==' }], next: 1 },
    })
    expect(audit.entries).toMatchObject([
      {
        action: 'streams.read',
        principal: { name: 'key:admin' },
        target: 'container-events/0',
        details: { records: 1, scanned: 1, next: 1 },
      },
    ])
  })

  test('holds a request only as long as the function may', async () => {
    const { call, elapsed } = createWorld()

    const response = await call(`/streams/${PLACE.topic}/0?offset=0&wait=20`)

    expect(response).toMatchObject({ status: 200, body: { records: [], next: 0 } })
    expect(elapsed()).toBeLessThanOrEqual(4000)
  })

  test.each([
    ['/streams?topic=a', '/topic'],
    ['/streams/container-events?limit=1', '/limit'],
    ['/streams/container-events/0?limit=0', '/limit'],
    ['/streams/container-events/0?limit=501', '/limit'],
    ['/streams/container-events/0?offset=-1', '/offset'],
    ['/streams/container-events/0?offset=7', '/offset'],
    ['/streams/container-events/0?offset=0&last=3', '/last'],
    ['/streams/container-events/0?last=0', '/last'],
    ['/streams/container-events/0?time=yesterday', '/time'],
    ['/streams/container-events/0?field=noequals', '/field'],
    ['/streams/container-events/0?field==value', '/field'],
    ['/streams/container-events/0?wait=21', '/wait'],
    ['/streams/container-events/x', '/partition'],
    [`/streams/container-events/0?q=${'x'.repeat(201)}`, '/q'],
    ['/streams/container-events/0?group=a', '/group'],
  ])('refuses %s, and says what is wrong', async (url, pointer) => {
    const { call } = createWorld()

    expect(await call(url)).toMatchObject({
      status: 400,
      body: { errors: [{ pointer, detail: expect.stringMatching(/\w+/) }] },
    })
  })

  test('is 404 for what Kafka does not have, and 503 while Kafka is away', async () => {
    const { call } = createWorld()

    expect(await call('/streams/nowhere')).toMatchObject({ status: 404 })
    expect(await call('/streams/nowhere/0')).toMatchObject({ status: 404 })
    expect(await call('/streams/container-events/9')).toMatchObject({ status: 404 })
    const away = createWorld()
    away.inspector.setAway(true)
    expect(await away.call('/streams')).toMatchObject({
      status: 503,
      headers: { 'retry-after': '5' },
      body: { detail: 'Kafka does not respond.' },
    })
  })
})
