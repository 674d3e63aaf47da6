import { afterEach, describe, expect, test, vi } from 'vitest'
import { Refusal } from '#shared/core/refusal.ts'
import { callHttp, identifyByRole, keyOf } from '#shared/testing/functions/http-calls.ts'
import { makeContext, makeHttpEvent } from '#shared/testing/functions/lambda-events.ts'
import { memoryAudit } from '#shared/testing/memory/memory-audit.ts'
import { memoryClaimStore } from '#shared/testing/memory/memory-claim-store.ts'
import { memoryEventLog } from '#shared/testing/memory/memory-event-log.ts'
import { memoryLimits } from '#shared/testing/memory/memory-limits.ts'
import { readEnvironment } from './lib/environment.ts'
import { composeWrite, createWrite, type WriteDeps } from './write.ts'

const EVENT = { type: 'tests.made', source: '/tests', id: 'e1', data: { n: 1 } }

afterEach(() => {
  vi.useRealTimers()
})

type World = { readonly append?: WriteDeps['kafka']['append']; readonly limits?: WriteDeps['limits'] }

function createWorld({ append, limits = memoryLimits() }: World = {}) {
  const kafka = memoryEventLog()
  const audit = memoryAudit()
  const write = createWrite({
    ...composeWrite(readEnvironment(process.env)),
    identify: identifyByRole,
    sourceOwner: async () => null,
    kafka: { append: append ?? kafka.append },
    claims: memoryClaimStore(),
    audit,
    limits,
  })
  const post = (body: unknown, headers: Readonly<Record<string, string>> = keyOf('publisher')) =>
    callHttp(write, makeHttpEvent('POST', '/events', { headers, body }))
  return { post, kafka, audit }
}

describe('POST /events', () => {
  test('is 202 with the position of the event', async () => {
    const { post, kafka } = createWorld()

    const { status, headers, body } = await post(EVENT)

    expect(status).toBe(202)
    expect(body).toEqual({ id: 'e1', source: '/tests', topic: 'events', partition: 0, offset: 0 })
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'content-type': 'application/json' })
    expect(kafka.records.map(({ topic }) => topic)).toEqual(['events'])
  })

  test('writes nothing any more once it has said that it took too long', async () => {
    const kafka = memoryEventLog()
    const claims = memoryClaimStore()
    const table = Promise.withResolvers<void>()
    const released = Promise.withResolvers<void>()
    const write = createWrite({
      ...composeWrite(readEnvironment(process.env)),
      identify: identifyByRole,
      sourceOwner: async () => null,
      kafka,
      claims: {
        ...claims,
        lease: (key, owner) => table.promise.then(() => claims.lease(key, owner)),
        release: async () => released.resolve(),
      },
    })
    const request = makeHttpEvent('POST', '/events', { headers: keyOf('publisher'), body: EVENT })

    expect(await write(request, makeContext(600))).toMatchObject({ statusCode: 503 })
    table.resolve()
    await released.promise // so that the sender can write it

    expect(kafka.records).toEqual([])
  })

  const DIGITS =
    '{"id":820982911946154508,"deep":[[-18446744073709551616,1e400,-0]],"0.1234567890123456789":0.1234567890123456789,"text":"820982911946154508"}'
  const CE = { specversion: '1.0', source: '/tests', type: 'tests.made' }
  const EVENT_JSON = `{"specversion":"1.0","source":"/tests","type":"tests.made","id":"e1","data":${DIGITS}}`
  test.each([
    ['plain JSON', 'application/json', `{"type":"tests.made","id":"e1","source":"/tests","data":${DIGITS}}`],
    ['structured mode', 'application/cloudevents+json', EVENT_JSON],
    ['a batch', 'application/cloudevents-batch+json', `[${EVENT_JSON}]`],
    ['binary mode', 'text/json', DIGITS],
  ])('keeps every digit of a number in %s', async (mode, contentType, body) => {
    const { post, kafka } = createWorld()
    const attributes = Object.entries({ ...CE, id: 'e1' }).map(([name, value]) => [`ce-${name}`, value])
    const binary = mode === 'binary mode' ? Object.fromEntries(attributes) : {}
    const headers = { ...keyOf('publisher'), 'content-type': contentType, ...binary }

    expect((await post(body, headers)).status).toBe(202)
    expect(kafka.records.map(({ value }) => new TextDecoder().decode(value))).toEqual([
      expect.stringContaining(`"data":${DIGITS}`),
    ])
    expect((await post(body.replace('154508', '154509'), headers)).status).toBe(409)
    expect((await post(body, headers)).status).toBe(202)
    expect(kafka.records).toHaveLength(1)
  })

  test.each([
    [
      '1e400',
      'application/json',
      { errors: [{ pointer: '', detail: expect.stringMatching(/JSON object/) }] },
    ],
    [
      '18446744073709551616',
      'application/cloudevents+json',
      { errors: [{ detail: 'must be a JSON object.' }] },
    ],
    [
      '[1e400]',
      'application/cloudevents-batch+json',
      { errors: [{ index: 0, detail: 'must be a JSON object.' }] },
    ],
    [
      '{"type":"tests.made","id":820982911946154508,"data":1e400}',
      'application/json',
      { errors: [{ pointer: '/id', detail: 'must be a string.' }] },
    ],
    [
      EVENT_JSON.replace('"data"', '"level":4294967296000000001,"data"'),
      'application/cloudevents+json',
      { errors: [{ pointer: '/level', detail: expect.stringContaining('a whole number from -2147483648') }] },
    ],
  ])('of %s instead of an event or an attribute says what is wrong', async (body, contentType, problem) => {
    const { post } = createWorld()

    const refused = await post(body, { ...keyOf('publisher'), 'content-type': contentType })

    expect(refused).toMatchObject({ status: 422, body: problem })
  })

  test('of a number that its schema cannot compute with names the number', async () => {
    const { post } = createWorld()
    const postTick = (data: string) => post(`{"type":"market.tick","data":${data}}`)
    const detailOf = ({ body }: Awaited<ReturnType<typeof postTick>>) => body.errors[0]

    expect(detailOf(await postTick('{"symbol":"ACME","price":1e400}'))).toEqual({
      pointer: '/data/price',
      detail: expect.stringMatching(/^is 1e400, which is not right: .*\.$/),
    })
    const long = await postTick('{"symbol":"ACME","price":1,"volume":9007199254740993}')
    expect(detailOf(long)).toEqual({
      pointer: '/data/volume',
      detail: expect.stringMatching(/^is 9007199254740993, which is not right: /),
    })
    expect((await postTick('{"symbol":"ACME","price":1,"note":1e400}')).status).toBe(202)
  })

  test('warns a producer whose clock is fast, and stores the event all the same', async () => {
    const { post, kafka } = createWorld()
    const time = new Date(Date.now() + 3_600_000).toISOString()

    const { status, body } = await post({ ...EVENT, time })

    expect(status).toBe(202)
    expect(body).toMatchObject({ id: 'e1', offset: 0, warnings: [{ pointer: '/time' }] })
    expect(body).toHaveProperty('warnings.0.detail', expect.stringMatching(/^is 3(?:599|600) s ahead of/))
    expect(kafka.records).toHaveLength(1)
  })

  test('names the events of a batch whose time is too far ahead, and only these', async () => {
    const { post } = createWorld()
    const times = ['2026-01-01T00:00:00Z', '2099-01-01T00:00:00Z', '2016-12-31T23:59:60Z']
    const batch = times.map((time, index) => ({ ...EVENT, specversion: '1.0', id: `${index}`, time }))
    const headers = { ...keyOf('publisher'), 'content-type': 'application/cloudevents-batch+json' }

    const { body } = await post(batch, headers)

    expect(body).toMatchObject({ accepted: 3, warnings: [{ index: 1, pointer: '/time' }] })
    expect(body).toHaveProperty('warnings.length', 1)
  })

  test('of a batch counts its events and has their positions in order', async () => {
    const { post } = createWorld()
    const batch = ['b', 'a'].map((id) => ({ ...EVENT, specversion: '1.0', id }))
    const headers = { ...keyOf('publisher'), 'content-type': 'application/cloudevents-batch+json' }

    expect(await post(batch, headers)).toMatchObject({
      status: 202,
      body: {
        accepted: 2,
        events: [
          { id: 'b', offset: 0 },
          { id: 'a', offset: 1 },
        ],
      },
    })
  })

  test('does not respond before Kafka has acknowledged the event', async () => {
    const { kafka } = createWorld()
    const acknowledged = Promise.withResolvers<void>()
    const append = vi.fn<WriteDeps['kafka']['append']>(async (records) => {
      await acknowledged.promise
      return kafka.append(records)
    })
    const { post } = createWorld({ append })
    const responded = vi.fn()

    const response = post(EVENT).finally(responded)
    await vi.waitFor(() => expect(append).toHaveBeenCalledOnce())
    await new Promise(setImmediate)

    expect(responded).not.toHaveBeenCalled()
    acknowledged.resolve()
    expect((await response).status).toBe(202)
  })

  test('is 503 with Retry-After if Kafka does not confirm the write', async () => {
    const { post } = createWorld({
      append: () => Promise.reject(new Refusal('unavailable', 'no Kafka', { retryAfterSeconds: 2 })),
    })

    expect(await post(EVENT)).toMatchObject({
      status: 503,
      headers: { 'retry-after': '2', 'content-type': 'application/problem+json' },
      body: { type: 'urn:tidewire:problem:unavailable' },
    })
  })

  test.each([
    ['without credentials', {}, EVENT, 401],
    ['of a viewer', keyOf('viewer'), EVENT, 403],
    ['of a move', keyOf('admin'), { ...EVENT, category: 'port.container.lifecycle' }, 403],
  ])('%s is refused, and writes nothing', async (_, headers, event, expected) => {
    const { post, kafka } = createWorld()

    expect((await post(event, headers)).status).toBe(expected)
    expect(kafka.records).toEqual([])
  })

  const ORDER = { orderId: 'o-1', symbol: 'ACME', side: 'buy', kind: 'market', quantity: 1 }
  test.each([
    [
      'an order of somebody else',
      { type: 'market.order.placed', data: { ...ORDER, user: 'ada' } },
      '/category',
    ],
    [
      'what a view writes',
      { type: 'market.order.matched', data: { ...ORDER, user: 'key:publisher', price: 1 } },
      '/type',
    ],
    ['a triggered alert', { type: 'market.alert.triggered', data: {} }, undefined],
    ['a post in the name of somebody else', { type: 'blog.post.created', data: { by: 'ada' } }, '/data/by'],
    ['a source of Tidewire', { type: 'tests.made', source: 'urn:tidewire:fold:market/book' }, '/source'],
  ])('of %s is refused', async (_, event, pointer) => {
    const { post, kafka } = createWorld()

    const { status, body } = await post(event)

    expect([status, body.errors[0]?.pointer]).toEqual(pointer ? [403, pointer] : [422, expect.any(String)])
    expect(kafka.records).toEqual([])
  })

  test('fills in who acts, also for a viewer, who may trade', async () => {
    const { post, kafka } = createWorld()

    expect((await post({ type: 'market.order.placed', data: ORDER }, keyOf('viewer'))).status).toBe(202)
    expect(JSON.parse(Buffer.from(kafka.records[0]?.value ?? []).toString())).toMatchObject({
      category: 'market.user.key~3Aviewer',
      data: { ...ORDER, user: 'key:viewer' },
    })
  })

  test('is 202 for a repeat, and 409 for another event with its id', async () => {
    const { post, kafka } = createWorld()

    expect((await post(EVENT)).body).toMatchObject({ offset: 0 })
    expect((await post(EVENT, keyOf('operator'))).body).toMatchObject({ offset: 0 })
    const taken = await post({ ...EVENT, data: { n: 2 } })
    expect([taken.status, taken.headers['retry-after']]).toEqual([409, undefined])
    expect(kafka.records).toHaveLength(1)
  })

  test('is 429 above the rate of a principal, for each one', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const { post, kafka } = createWorld({ limits: memoryLimits({ rates: 'write=1' }) })

    expect((await post(EVENT)).headers).toMatchObject({ 'ratelimit-policy': '"write";q=1;w=1' })
    expect(await post({ ...EVENT, id: 'e2' })).toMatchObject({ status: 429, headers: { 'retry-after': '1' } })
    expect((await post({ ...EVENT, id: 'e3' }, keyOf('operator'))).status).toBe(202)
    expect(kafka.records).toHaveLength(2)
  })
})

test('the audit trail has a write that the policy refuses', async () => {
  const { post, audit } = createWorld()

  expect((await post(EVENT, keyOf('viewer'))).status).toBe(403)

  expect(audit.entries).toMatchObject([
    {
      action: 'refused',
      principal: { name: 'key:viewer', role: 'viewer' },
      target: 'POST /events',
      reason: expect.stringContaining('may not write "tests.made"'),
    },
  ])
})
