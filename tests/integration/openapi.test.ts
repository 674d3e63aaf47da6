import { Buffer } from 'node:buffer'
import { createHmac, randomUUID } from 'node:crypto'
import { Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readLog } from '../support/api.ts'
import { type OpenDocument, openDocument } from '../support/openapi/open-document.ts'
import { API_KEY, SIMULATOR_KEY, startStack, type TestStack } from '../support/start-stack.ts'

const KEY = { 'x-api-key': API_KEY }
const JSON_TYPE = { ...KEY, 'content-type': 'application/json' }
const STRUCTURED = { ...KEY, 'content-type': 'application/cloudevents+json' }
const BATCH = { ...KEY, 'content-type': 'application/cloudevents-batch+json' }
const tick = { specversion: '1.0', id: 't1', source: '/contract', type: 'market.tick', data: { price: 1 } }
const reused = { ...JSON_TYPE, 'idempotency-key': '"reused"' }
const binary = { ...KEY, 'ce-type': 'market.tick', 'ce-id': 't2', 'ce-source': '/contract' }
/** An event with a lifecycle. */
const CASE = randomUUID()
const VIEW = { domain: 'port', view: 'cases', key: CASE }
const delivery = JSON.stringify({ action: 'opened', zen: 'Keep it logically awesome.' })
const signature = createHmac('sha256', 'local-secret-github').update(delivery).digest('hex')
const github = {
  'content-type': 'application/json',
  'x-github-event': 'issues',
  'x-github-delivery': 'd1',
  'x-hub-signature-256': `sha256=${signature}`,
}
const origin = { 'webhook-request-origin': 'sender.example.com', 'webhook-request-rate': '9' }

type Call = {
  headers?: Record<string, string>
  query?: string
  body?: string
  source?: string
  id?: string
  move?: string
  domain?: string
  view?: string
  key?: string
  name?: string
  topic?: string
  partition?: string
  offset?: string
}

const discard = '{"filter":{},"reason":"a test","dryRun":true}'
const replay = JSON.stringify({
  kind: 'events',
  channels: ['contract.*'],
  from: '2999-01-01T00:00:00Z',
  target: { url: 'http://127.0.0.1:9/' },
})

/** Calls of every documented route, successful and refused. */
const CALLS: readonly [route: string, status: number, call: Call][] = [
  ['POST /events', 202, { headers: JSON_TYPE, body: '{"type":"contract.plain"}' }],
  ['POST /events', 202, { headers: STRUCTURED, body: JSON.stringify(tick) }],
  ['POST /events', 202, { headers: BATCH, body: JSON.stringify([tick, { ...tick, id: 't3' }]) }],
  ['POST /events', 202, { headers: BATCH, body: '[]' }],
  ['POST /events', 202, { headers: { ...binary, 'content-type': 'application/json' }, body: '{"price":2}' }],
  [
    'POST /events',
    202,
    { headers: { ...binary, 'ce-id': 't4', 'ce-type': 'contract.bytes' }, body: '\u0001\u0002' },
  ],
  ['POST /events', 202, { headers: reused, body: '{"type":"contract.keyed"}' }],
  ['POST /events', 422, { headers: reused, body: '{"type":"contract.other"}' }],
  ['POST /events', 400, { headers: JSON_TYPE, body: '{"type":' }],
  ['POST /events', 400, { headers: { ...JSON_TYPE, 'idempotency-key': 'a key' }, body: '{"type":"a"}' }],
  ['POST /events', 401, { headers: { 'content-type': 'application/json' }, body: '{"type":"a"}' }],
  [
    'POST /events',
    413,
    { headers: JSON_TYPE, body: JSON.stringify({ type: 'a', data: 'x'.repeat(140_000) }) },
  ],
  ['POST /events', 415, { headers: { ...KEY, 'content-type': 'text/plain' }, body: 'a' }],
  ['POST /events', 415, { headers: { ...JSON_TYPE, 'content-encoding': 'zstd' }, body: '{"type":"a"}' }],
  ['POST /events', 422, { headers: JSON_TYPE, body: '{"type":"market.tick","data":{"price":"high"}}' }],
  ['POST /events', 422, { headers: { ...binary, 'content-type': 'image/png' }, body: '\u0001' }],
  ['POST /events', 422, { headers: BATCH, body: JSON.stringify([tick, { ...tick, data: {} }]) }],
  ['POST /events', 422, { headers: JSON_TYPE, body: JSON.stringify({ type: 'a', id: 'x'.repeat(1025) }) }],
  ['GET /events', 200, { headers: KEY, query: '?channel=market.**,port.*&severity=info&limit=2' }],
  [
    'GET /events',
    200,
    { headers: KEY, query: '?from=2026-01-01T00:00:00Z&to=2999-01-01T00:00:00Z&limit=500' },
  ],
  ['GET /events', 400, { headers: KEY, query: '?limit=501&channel=a..b&from=noon&severity=loud' }],
  ['GET /events', 400, { headers: KEY, query: '?next=nonsense' }],
  ['GET /events', 401, {}],
  ['GET /events/since', 200, { headers: KEY, query: '?channel=market.tick' }],
  ['GET /events/since', 200, { headers: KEY, query: '?channel=**&cursor=earliest' }],
  ['GET /events/since', 200, { headers: KEY, query: '?channel=market.tick&cursor=market-ticks@old:0=5' }],
  ['GET /events/since', 200, { headers: KEY, query: '?channel=market.tick&cursor=&wait=1' }],
  ['GET /events/since', 400, { headers: KEY, query: '?cursor=nonsense' }],
  ['GET /events/since', 400, { headers: KEY, query: '?wait=21' }],
  ['GET /events/since', 401, { headers: { 'x-api-key': 'guess' } }],
  ['GET /audit', 200, { headers: KEY, query: '?limit=1' }],
  ['GET /events.csv', 200, { headers: KEY, query: '?limit=1' }],
  ['GET /events.csv', 400, { headers: KEY, query: '?limit=5001' }],
  ['GET /events.csv', 401, {}],
  ['POST /events', 202, { headers: JSON_TYPE, body: JSON.stringify({ type: 'port.notice', id: CASE }) }],
  ['POST /events', 403, { headers: JSON_TYPE, body: '{"type":"a","category":"port.notice.lifecycle"}' }],
  ['POST /events', 409, { headers: STRUCTURED, body: JSON.stringify({ ...tick, data: { price: 2 } }) }],
  ['POST /events/{id}/{move}', 202, { headers: KEY }],
  ['GET /events/{id}', 200, { headers: KEY }],
  ['GET /events/{id}', 304, { headers: { ...KEY, 'if-none-match': '*' } }],
  ['GET /events/{id}', 404, { headers: KEY, id: 'nothing' }],
  ['GET /events/{id}', 401, {}],
  ['POST /events/{id}/{move}', 400, { headers: JSON_TYPE, body: '{' }],
  ['POST /events/{id}/{move}', 401, {}],
  ['POST /events/{id}/{move}', 404, { headers: KEY, move: 'ponder' }],
  ['POST /events/{id}/{move}', 409, { headers: KEY, move: 'close' }],
  ['POST /events/{id}/{move}', 412, { headers: { ...KEY, 'if-match': '"old"' }, move: 'start' }],
  ['POST /events/{id}/{move}', 413, { headers: JSON_TYPE, body: `{"note":"${'x'.repeat(10_000)}"}` }],
  ['POST /events/{id}/{move}', 422, { headers: JSON_TYPE, move: 'assign', body: '{"assignee":7}' }],
  ['POST /events/{id}/{move}', 422, { headers: JSON_TYPE, move: 'assign', body: '{"assignee":"nobody"}' }],
  ['DELETE /events/{id}', 401, {}],
  ['DELETE /events/{id}', 202, { headers: KEY }],
  ['DELETE /events/{id}', 409, { headers: KEY }],
  ['POST /events/{id}/erase', 401, {}],
  ['POST /events/{id}/erase', 422, { headers: KEY, body: '{}' }],
  ['POST /events/{id}/erase', 202, { headers: KEY, body: '{"reason":"a test"}' }],
  ['GET /stats', 200, { headers: KEY }],
  ['GET /stats', 401, {}],
  ['GET /views/{domain}/{view}', 200, { headers: KEY, query: '?limit=1' }],
  ['GET /views/{domain}/{view}', 200, { headers: KEY, query: '?parts=true' }],
  ['GET /views/{domain}/{view}', 200, { headers: KEY, view: 'statistics' }],
  ['GET /views/{domain}/{view}', 400, { headers: KEY, query: '?limit=501' }],
  ['GET /views/{domain}/{view}', 400, { headers: KEY, query: '?next=nonsense' }],
  ['GET /views/{domain}/{view}', 401, {}],
  ['GET /views/{domain}/{view}', 404, { headers: KEY, view: 'nothing' }],
  ['GET /views/{domain}/{view}/{key}', 200, { headers: KEY }],
  ['GET /views/{domain}/{view}/{key}', 200, { headers: KEY, key: 'nothing', query: '?parts=true' }],
  ['GET /views/{domain}/{view}/{key}', 400, { headers: KEY, query: '?parts=all' }],
  ['GET /views/{domain}/{view}/{key}', 401, {}],
  ['GET /views/{domain}/{view}/{key}', 404, { headers: KEY, key: 'nothing' }],
  ['GET /dead-letters', 200, { headers: KEY }],
  ['GET /dead-letters', 400, { headers: KEY, query: '?limit=0' }],
  ['GET /dead-letters', 401, {}],
  ['GET /dead-letters/{topic}/{partition}/{offset}', 400, { headers: KEY, offset: 'x' }],
  ['GET /dead-letters/{topic}/{partition}/{offset}', 401, {}],
  ['GET /dead-letters/{topic}/{partition}/{offset}', 404, { headers: KEY }],
  ['POST /dead-letters/replay', 200, { headers: JSON_TYPE, body: '{"filter":{},"dryRun":true}' }],
  ['POST /dead-letters/replay', 202, { headers: JSON_TYPE, body: '{"filter":{"source":["/none"]}}' }],
  ['POST /dead-letters/replay', 400, { headers: JSON_TYPE, body: '{' }],
  ['POST /dead-letters/replay', 401, { headers: { 'content-type': 'application/json' }, body: '{}' }],
  ['POST /dead-letters/replay', 413, { headers: JSON_TYPE, body: `"${'x'.repeat(300_000)}"` }],
  ['POST /dead-letters/replay', 422, { headers: JSON_TYPE, body: '{"filter":{"code":["bad"]}}' }],
  ['POST /dead-letters/discard', 200, { headers: JSON_TYPE, body: discard }],
  ['POST /dead-letters/discard', 422, { headers: JSON_TYPE, body: '{"filter":{}}' }],
  ['GET /replays', 200, { headers: KEY, query: '?limit=5' }],
  ['GET /replays', 400, { headers: KEY, query: '?limit=0' }],
  ['GET /replays', 401, {}],
  ['POST /replays', 200, { headers: JSON_TYPE, body: '{"kind":"views","dryRun":true}' }],
  ['POST /replays', 202, { headers: JSON_TYPE, body: replay }],
  ['POST /replays', 422, { headers: JSON_TYPE, body: '{"kind":"views","topics":["none"]}' }],
  ['GET /replays/{id}', 404, { headers: KEY, id: 'none' }],
  ['POST /replays/{id}/pause', 404, { headers: KEY, id: 'none' }],
  ['POST /replays/{id}/resume', 404, { headers: KEY, id: 'none' }],
  ['POST /replays/{id}/cancel', 404, { headers: KEY, id: 'none' }],
  ['GET /streams', 200, { headers: KEY }],
  ['GET /streams', 400, { headers: KEY, query: '?topic=events' }],
  ['GET /streams', 401, {}],
  ['GET /streams/{topic}', 200, { headers: KEY }],
  ['GET /streams/{topic}', 401, {}],
  ['GET /streams/{topic}', 404, { headers: KEY, topic: 'nothing' }],
  ['GET /streams/{topic}/{partition}', 200, { headers: KEY, query: '?last=5&q=a&field=id=b' }],
  ['GET /streams/{topic}/{partition}', 400, { headers: KEY, query: '?offset=999999' }],
  ['GET /streams/{topic}/{partition}', 400, { headers: KEY, query: '?last=5&offset=1' }],
  ['GET /streams/{topic}/{partition}', 401, {}],
  ['GET /streams/{topic}/{partition}', 403, { headers: { 'x-api-key': 'local-operator-key' } }],
  ['GET /streams/{topic}/{partition}', 404, { headers: KEY, partition: '99' }],
  ['GET /connections', 200, { headers: KEY, query: '?limit=1&q=nobody' }],
  ['GET /connections', 400, { headers: KEY, query: '?next=nonsense' }],
  ['GET /connections', 401, {}],
  ['DELETE /connections/{id}', 404, { headers: KEY, id: 'nobody' }],
  ['DELETE /connections/{id}', 401, {}],
  ['GET /telemetry', 200, { headers: KEY }],
  ['GET /telemetry', 401, {}],
  ['GET /telemetry', 403, { headers: { 'x-api-key': 'local-viewer-key' } }],
  ['POST /telemetry', 202, { headers: JSON_TYPE, body: '{"sent":1,"paints":[]}' }],
  ['POST /telemetry', 401, { body: '{"sent":1,"paints":[]}' }],
  ['POST /telemetry', 422, { headers: JSON_TYPE, body: '{"sent":"now"}' }],
  ['GET /catalog', 200, { headers: KEY }],
  ['GET /catalog', 401, {}],
  ['POST /tickets', 201, { headers: KEY }],
  ['POST /tickets', 401, { headers: { authorization: 'Bearer none' } }],
  [
    'POST /keys',
    201,
    { headers: JSON_TYPE, body: '{"id":"contract","role":"viewer","scopes":["read:port.**"]}' },
  ],
  ['POST /keys', 400, { headers: JSON_TYPE, body: '{' }],
  ['POST /keys', 401, {}],
  ['POST /keys', 403, { headers: { 'x-api-key': 'local-operator-key' } }],
  ['POST /keys', 409, { headers: JSON_TYPE, body: '{"id":"contract","role":"viewer"}' }],
  ['POST /keys', 413, { headers: JSON_TYPE, body: `{"id":"${'x'.repeat(20_000)}"}` }],
  ['POST /keys', 422, { headers: JSON_TYPE, body: '{"id":"Contract"}' }],
  ['GET /keys', 200, { headers: KEY }],
  ['GET /keys', 401, {}],
  ['POST /keys/{id}/rotate', 200, { headers: KEY, id: 'contract' }],
  ['POST /keys/{id}/rotate', 404, { headers: KEY, id: 'nothing' }],
  ['POST /keys/{id}/rotate', 422, { headers: JSON_TYPE, id: 'contract', body: '{"graceSeconds":-1}' }],
  ['DELETE /keys/{id}', 200, { headers: KEY, id: 'contract' }],
  ['DELETE /keys/{id}', 404, { headers: KEY, id: 'nothing' }],
  ['POST /keys/{id}/rotate', 409, { headers: KEY, id: 'contract' }],
  ['GET /users', 200, { headers: KEY, query: '?q=TIDE&limit=2' }],
  ['GET /users', 400, { headers: KEY, query: '?limit=0' }],
  ['GET /users', 401, {}],
  ['GET /users', 403, { headers: { 'x-api-key': 'local-viewer-key' } }],
  ['GET /users/me', 200, { headers: KEY }],
  ['GET /users/me', 401, {}],
  ['POST /users/{name}/revoke', 200, { headers: KEY, name: 'nobody@example.com' }],
  ['POST /users/{name}/revoke', 403, { headers: { 'x-api-key': 'local-viewer-key' }, name: 'ada' }],
  ['DELETE /session', 401, {}],
  ['DELETE /session', 403, { headers: KEY }],
  ['GET /health', 200, {}],
  ['GET /openapi.json', 200, {}],
  ['GET /asyncapi.json', 200, {}],
  ['POST /webhooks/{source}', 202, { headers: github, body: delivery }],
  ['POST /webhooks/{source}', 401, { headers: github, body: `${delivery} ` }],
  ['POST /webhooks/{source}', 404, { source: 'nobody', body: delivery }],
  ['POST /webhooks/{source}', 413, { headers: github, body: 'x'.repeat(1_100_000) }],
  ['GET /webhooks/{source}', 200, { source: 'dropbox', query: '?challenge=c4b5' }],
  ['GET /webhooks/{source}', 400, { source: 'dropbox' }],
  ['GET /webhooks/{source}', 405, {}],
  ['HEAD /webhooks/{source}', 200, { source: 'trello' }],
  ['HEAD /webhooks/{source}', 405, {}],
  ['OPTIONS /webhooks/{source}', 200, { headers: origin }],
  ['OPTIONS /webhooks/{source}', 204, {}],
  ['OPTIONS /webhooks/{source}', 404, { source: 'nobody', headers: origin }],
]

describe('the OpenAPI document', () => {
  let stack: TestStack
  let document: OpenDocument
  beforeAll(async () => {
    stack = await startStack()
    document = await openDocument(stack.httpUrl)
  })
  afterAll(() => stack?.dispose())

  async function send(route: string, call: Call) {
    const { headers = {}, query = '', body } = call
    const [method = '', path = ''] = route.split(' ')
    const named: Record<string, unknown> = {
      source: 'github',
      id: CASE,
      move: 'acknowledge',
      ...VIEW,
      topic: 'events',
      partition: '0',
      offset: '999999',
      ...call,
    }
    const url = `${stack.httpUrl}${path.replaceAll(/\{(\w+)\}/g, (_, name) => String(named[name]))}${query}`
    const response = await fetch(url, { method, headers, ...(body !== undefined && { body }) })
    const answer = { status: response.status, headers: response.headers, text: await response.text() }
    return { ...answer, contradiction: document.contradiction(method, path, answer) }
  }

  it.each(CALLS)('describes %s with the status %d', async (route, status, call) => {
    const answer = await send(route, call)

    expect(answer.contradiction).toBeNull()
    expect(answer.status, answer.text.slice(0, 300)).toBe(status)
  })

  it('names every route that is called here, and no other', () => {
    const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    )

    expect([...new Set(CALLS.map(([route]) => route))].sort()).toEqual(documented.sort())
  })

  it('names the methods of a path in the response to another one', async () => {
    const answer = await fetch(`${stack.httpUrl}/catalog`, { method: 'PATCH', headers: KEY })

    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  })

  it('describes a page with an event in it', async () => {
    const subject = randomUUID()
    const body = JSON.stringify({
      type: 'sensor.reading',
      subject,
      data: { sensorId: 'dock 3', humidity: 95 },
    })
    await send('POST /events', { headers: JSON_TYPE, body })
    await expect
      .poll(async () => (await readLog(stack.httpUrl, 'sensor.reading.*')).length)
      .toBeGreaterThan(0)

    const page = await send('GET /events', { headers: KEY, query: `?subject=${subject}` })

    expect(page.contradiction).toBeNull()
    expect(JSON.parse(page.text).events).toMatchObject([
      { topic: 'sensor-readings', event: { category: 'sensor.reading.dock-3', severity: 'high' } },
    ])
  })

  it('describes a dead letter: records that are written straight to Kafka are checked by the catalog too', async () => {
    const brokers = [process.env.KAFKA_BROKERS ?? `127.0.0.1:${stack.ports.KAFKA_PORT}`]
    const producer = new Kafka({ brokers, logLevel: logLevel.NOTHING }).producer()
    const id = randomUUID()
    const value = JSON.stringify({ ...tick, id, category: 'market.tick', data: { price: 'high' } })
    await producer.connect()
    const [{ baseOffset } = {}] = await producer.send({
      topic: 'market-ticks',
      messages: [{ key: id, value }],
    })
    await producer.disconnect()

    const letterOf = async () => {
      const { text, contradiction } = await send('GET /dead-letters', { headers: KEY, query: '?limit=500' })
      const { deadLetters } = JSON.parse(text) as {
        deadLetters: { value: string; reason: string; offset: number }[]
      }
      const letter = deadLetters.find((found) => Buffer.from(found.value, 'base64').includes(id))
      return letter && { reason: letter.reason, offset: String(letter.offset), contradiction }
    }
    await expect.poll(letterOf).toEqual({
      reason: expect.stringContaining('/data/price'),
      offset: baseOffset,
      contradiction: null,
    })
  })

  it('does not match other responses', () => {
    const answer = (status: number, body: unknown, type = 'application/json') => ({
      status,
      text: JSON.stringify(body),
      headers: new Headers({ 'content-type': type }),
    })
    const healthy = {
      status: 'ok',
      version: '1.0.0',
      topics: ['a'],
      copied: { signingKeys: '2026-03-01T08:00:00Z', people: null },
      socketUrl: 'wss://a.example',
    }

    expect(document.contradiction('GET', '/health', answer(200, healthy))).toBeNull()
    for (const wrong of [
      answer(418, healthy),
      answer(200, { ...healthy, undocumented: 1 }),
      answer(200, { status: 'ok' }),
      answer(200, healthy, 'text/plain'),
    ])
      expect(document.contradiction('GET', '/health', wrong)).not.toBeNull()
  })

  it('and the catalog describe each type with a schema that matches its example', async () => {
    const { text } = await send('GET /catalog', { headers: KEY })
    const { domains } = JSON.parse(text) as {
      domains: {
        name: string
        types: { type: string; internal: boolean; schema: { examples?: unknown[] } }[]
      }[]
    }

    expect(domains.map(({ name }) => name)).toEqual(['port', 'blog', 'market', 'sensors', 'tidewire'])
    for (const { type, schema, internal } of domains.flatMap(({ types }) => types)) {
      const [data] = schema.examples ?? []
      const { status } = await send('POST /events', {
        headers: { ...JSON_TYPE, 'x-api-key': SIMULATOR_KEY },
        body: JSON.stringify({ type, data }),
      })
      expect.soft(document.fits(schema, data), type).toBe(true)
      expect.soft(status, type).toBe(internal ? 403 : 202)
    }
  })
})
