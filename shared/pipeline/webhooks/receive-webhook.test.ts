import { Buffer } from 'node:buffer'
import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import { describe, expect, test } from 'vitest'
import { decodeRequest } from '#shared/adapters/http/http-handler.ts'
import { createCatalog } from '#shared/pipeline/catalog.ts'
import { makeContext } from '#shared/testing/functions/lambda-events.ts'
import { ed25519, hex, hmac } from '#shared/testing/webhooks/web-crypto.ts'
import { grantDeliveries, publicUrl, receiveWebhook } from './receive-webhook.ts'
import { webhookSources } from './sources.ts'
import type { WebhookRequest } from './webhook-request.ts'

const NOW = new Date('2026-11-21T08:00:00Z')
const SECONDS = String(NOW.getTime() / 1000)
const ENTRIES = {
  inbox: {
    scheme: { algorithm: 'token', header: 'authorization', prefix: 'Bearer ' },
    mapping: { name: [{ field: '/kind' }], id: [{ field: '/key' }], time: [{ field: '/at' }] },
  },
  port: {
    scheme: { algorithm: 'token', header: 'x-token' },
    mapping: { type: [{ value: 'ShipArrived' }], category: [{ value: 'port.ship' }] },
  },
  signed: {
    scheme: { algorithm: 'hmac-sha256', signature: { header: 'x-sig' }, encoding: 'hex', content: '{body}' },
    mapping: { cloudevents: true },
  },
}
const sources = webhookSources({ WEBHOOK_LOCAL_SECRETS: '1', WEBHOOK_SOURCES: JSON.stringify(ENTRIES) })
const deps = { catalog: createCatalog([]), now: () => NOW, newId: () => 'made' }

function receive(name: string, request: Partial<WebhookRequest>) {
  const source = sources.get(name)
  if (source === undefined) throw new Error(`no source ${name}`)
  const empty = { method: 'POST', url: 'https://h.example/', headers: {}, body: new Uint8Array() }
  return receiveWebhook(source, { ...empty, ...request }, deps)
}

async function github(body: string, headers: Record<string, string> = {}) {
  const signature = hex(await hmac('SHA-256', 'local-secret-github', body))
  return receive('github', {
    headers: { 'content-type': 'application/json', 'x-hub-signature-256': `sha256=${signature}`, ...headers },
    body: Buffer.from(body),
  })
}

function inbox(body: string | Uint8Array, contentType = 'application/json') {
  const headers = { authorization: 'Bearer local-secret-inbox', 'content-type': contentType }
  const received = receive('inbox', { headers, body: Buffer.from(body) })
  return 'event' in received ? received.event : null
}

describe('the time of a delivery', () => {
  test.each([
    ['2016-12-31T23:59:60Z', '2016-12-31T23:59:60Z'],
    ['2026-11-27T10:00:00.000+0000', '2026-11-27T10:00:00.000+00:00'],
    ['2026-11-27T10:00:00-0800', '2026-11-27T10:00:00-08:00'],
    ['Fri, 27 Nov 2026 10:00:00 GMT', '2026-11-27T10:00:00.000Z'],
    ['Fri, 27 Nov 2026 10:00:00 +0100', '2026-11-27T09:00:00.000Z'],
    [1_795_773_600, '2026-11-27T10:00:00.000Z'],
    [1_795_773_600_250, '2026-11-27T10:00:00.250Z'],
  ])('%j is read as %s', (at, time) => {
    expect(inbox(JSON.stringify({ key: 'k', at }))?.time).toBe(time)
  })

  test.each(['2026-11-27T10:00:00', '2026-11-27 10:00', '27/11/2026', 'yesterday', '+1', -1, null, {}])(
    'is that of the arrival where %j is none, or has no zone',
    (at) => {
      expect(inbox(JSON.stringify({ key: 'k', at }))?.time).toBe(NOW.toISOString())
    },
  )
})

describe('a check of the endpoint by a provider', () => {
  async function slack(body: unknown) {
    const text = JSON.stringify(body)
    const v0 = hex(await hmac('SHA-256', 'local-secret-slack', `v0:${SECONDS}:${text}`))
    return { 'x-slack-request-timestamp': SECONDS, 'x-slack-signature': `v0=${v0}`, text }
  }
  async function discord(body: unknown) {
    const text = JSON.stringify(body)
    const signature = hex(await ed25519('local-secret-discord', SECONDS + text))
    const headers = { 'x-signature-timestamp': SECONDS, 'x-signature-ed25519': signature }
    return receive('discord', { headers, body: Buffer.from(text) })
  }

  test('Slack gets its challenge if the signature is valid', async () => {
    const { text, ...headers } = await slack({ type: 'url_verification', token: 't', challenge: '3eZb' })
    const answer = receive('slack', { headers, body: Buffer.from(text) })
    expect(answer).toEqual({ answer: { status: 200, body: { challenge: '3eZb' } } })
    const forged = { ...headers, 'x-slack-signature': `v0=${'0'.repeat(64)}` }
    expect(() => receive('slack', { headers: forged, body: Buffer.from(text) })).toThrow(
      'No configured secret',
    )
  })

  test('Discord gets a pong for a ping, and an empty response for the ping of webhook events', async () => {
    expect(await discord({ type: 1, id: '1' })).toEqual({ answer: { status: 200, body: { type: 1 } } })
    expect(await discord({ version: 1, type: 0 })).toEqual({
      answer: { status: 204, headers: { 'content-type': 'application/json' } },
    })
    expect(await discord({ version: 1, type: 1, event: { type: 'A' } })).toHaveProperty(
      'event.type',
      'discord.A',
    )
  })
})

describe('the body', () => {
  test('is verified as the bytes that were sent when the gateway delivers base64', async () => {
    const body = '{"zen":"Mind your words, they are important. — ünïcödé"}'
    const signature = hex(await hmac('SHA-256', 'local-secret-github', body))
    const event = {
      version: '2.0',
      rawPath: '/webhooks/github',
      rawQueryString: '',
      headers: {
        'X-Hub-Signature-256': `sha256=${signature}`,
        'X-GitHub-Event': 'ping',
        'Content-Type': 'application/json',
      },
      body: Buffer.from(body).toString('base64'),
      isBase64Encoded: true,
      requestContext: { http: { method: 'POST' } },
    } as unknown as APIGatewayProxyEventV2
    expect(
      receive('github', decodeRequest(event, makeContext(1000), new AbortController().signal)),
    ).toHaveProperty('event.data', JSON.parse(body))
  })

  test('of GitHub may be a form with the JSON in its field "payload"', async () => {
    const payload = { repository: { full_name: 'a/b' } }
    const body = `payload=${encodeURIComponent(JSON.stringify(payload))}`
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'x-github-event': 'push' }
    expect(await github(body, headers)).toMatchObject({
      event: { type: 'github.push', subject: 'a/b', data: payload },
    })
  })

  test('is kept as JSON, as the fields of a form, or as its bytes', () => {
    expect(inbox('{"kind":"a"}')).toMatchObject({ data: { kind: 'a' }, datacontenttype: 'application/json' })
    expect(inbox('kind=a&x=1&x=2', 'application/x-www-form-urlencoded')).toMatchObject({
      type: 'inbox.a',
      data: { kind: 'a', x: ['1', '2'] },
      datacontenttype: 'application/json',
    })
    expect(inbox('<a/>', 'application/xml')).toMatchObject({
      data_base64: Buffer.from('<a/>').toString('base64'),
      datacontenttype: 'application/xml',
    })
    expect(inbox(new Uint8Array([0xff, 0]))).toMatchObject({ data_base64: '/wA=' })
    expect(inbox('')).not.toHaveProperty('data')
  })
})

describe('the event', () => {
  test.each(['x-github-delivery', 'x-github-event'])(
    'is refused if a header with its id or its name came several times: %s',
    async (name) => {
      await expect(github('{}', { [name]: 'a,b' })).rejects.toThrow(
        `The header "${name}" came several times: send it once.`,
      )
    },
  )

  test('has a valid channel whatever its name is', () => {
    const type = (kind: unknown) => inbox(JSON.stringify({ kind }))?.category
    expect(type('invoice.paid')).toBe('inbox.invoice.paid')
    expect(type('orders/create')).toBe('inbox.orders-create')
    expect(type('Push Hook')).toBe('inbox.Push-Hook')
    expect(type('..a...b.')).toBe('inbox.a.b')
    expect(type('a.b.c.d.e.f.g.h.i')).toBe('inbox.a.b.c.d.e.f.g')
    expect(type('x'.repeat(99))).toBe(`inbox.${'x'.repeat(64)}`)
    expect(type('*')).toBe('inbox.-')
    expect(type({})).toBe('inbox.event')
    expect(type('\u{1f600}')).toBe('inbox.--')
  })

  test("has the sender's id, or a digest if there is no valid id", () => {
    const id = (key: unknown) => inbox(JSON.stringify({ key }))?.id
    expect(id('k-1')).toBe('k-1')
    expect(id(17)).toBe('17')
    expect(id('k\n1')).toMatch(/^[0-9a-f]{64}$/)
    expect(id('k'.repeat(300))).not.toBe(id(`${'k'.repeat(300)}x`))
    expect(id(null)).toMatch(/^[0-9a-f]{64}$/)
    expect(id(null)).toBe(id(null))
  })

  test('keeps the digits of its numbers, in its id and its data', () => {
    const made = [508, 509].map((end) => inbox(`{"kind":"a","key":820982911946154${end},"n":1e400}`))

    expect(made.map((event) => event?.id)).toEqual(['820982911946154508', '820982911946154509'])
    expect(JSON.stringify(made[0]?.data)).toBe('{"kind":"a","key":820982911946154508,"n":1e400}')
  })

  test('may have a type and a category of its own', () => {
    const headers = { 'x-token': 'local-secret-port' }
    expect(receive('port', { headers })).toMatchObject({
      event: { type: 'ShipArrived', category: 'port.ship' },
    })
  })

  test('of a sender of CloudEvents is accepted unchanged', () => {
    const headers = { authorization: 'Bearer local-secret-cloudevents' }
    const event = { specversion: '1.0', id: '1', source: '/s', type: 'com.example.made', data: { a: 1 } }
    const expected = { event: { ...event, category: 'com.example.made', severity: 'info' } }
    const structured = { ...headers, 'content-type': 'application/cloudevents+json' }
    const body = Buffer.from(JSON.stringify(event))
    expect(receive('cloudevents', { headers: structured, body })).toMatchObject(expected)
    const ce = { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': '/s', 'ce-type': 'com.example.made' }
    const binary = { ...headers, ...ce, 'content-type': 'application/json' }
    expect(receive('cloudevents', { headers: binary, body: Buffer.from('{"a":1}') })).toMatchObject(expected)
    const batch = { ...headers, 'content-type': 'application/cloudevents-batch+json' }
    expect(() => receive('cloudevents', { headers: batch, body: Buffer.from('[]') })).toThrow(
      'must be one event',
    )
  })

  test('is not read from headers that the signature does not cover', async () => {
    const signature = hex(await hmac('SHA-256', 'local-secret-signed', '{}'))
    const ce = { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': '/s', 'ce-type': 't' }
    const headers = { 'x-sig': signature, 'content-type': 'application/json', ...ce }
    expect(() => receive('signed', { headers, body: Buffer.from('{}') })).toThrow('must be one event')
  })

  test('of HubSpot has the same id however often it is attempted', async () => {
    const change = { eventId: 1, subscriptionType: 'deal.creation' }
    const ids = []
    for (const attemptNumber of [0, 1]) {
      const text = JSON.stringify([{ ...change, attemptNumber }])
      const ms = String(NOW.getTime() + attemptNumber)
      const signed = await hmac('SHA-256', 'local-secret-hubspot', `POSThttps://h.example/${text}${ms}`)
      const headers = {
        'x-hubspot-request-timestamp': ms,
        'x-hubspot-signature-v3': Buffer.from(signed).toString('base64'),
      }
      const received = receive('hubspot', { headers, body: Buffer.from(text) })
      ids.push('event' in received ? received.event.id : '')
    }
    expect(ids[0]).toBe(ids[1])
  })
})

test('a sender that requests permission to deliver gets its origin', () => {
  const asked = { 'webhook-request-origin': 'eventemitter.example.com' }
  const headers = { allow: 'POST, OPTIONS', 'webhook-allowed-origin': 'eventemitter.example.com' }
  expect(grantDeliveries(asked)).toEqual({ status: 200, headers })
})

test('a request for a rate gets one', () => {
  const asked = { 'webhook-request-origin': 'a.example', 'webhook-request-rate': '120' }
  expect(grantDeliveries(asked).headers).toMatchObject({ 'webhook-allowed-rate': '*' })
})

test('an origin that could break a header is refused', () => {
  for (const origin of ['', 'a b', 'a\r\nset-cookie: x', 'é.example', 'a'.repeat(254)])
    expect(() => grantDeliveries({ 'webhook-request-origin': origin })).toThrow('must be a DNS name')
})

test('a request without an origin, such as a browser’s preflight, gets the allowed methods', () => {
  expect(grantDeliveries({})).toEqual({ status: 204, headers: { allow: 'POST, OPTIONS' } })
})

const request = { path: '/webhooks/twilio', rawQuery: 'a=1&b=%20', headers: { host: 'localhost:3000' } }

test('the configured URL is used, with or without a slash at its end', () => {
  const headers = { host: 'evil.example', 'x-forwarded-host': 'evil.example' }
  for (const configured of ['https://api.example.com/v1', 'https://api.example.com/v1/'])
    expect(publicUrl(configured, { ...request, headers })).toBe(
      'https://api.example.com/v1/webhooks/twilio?a=1&b=%20',
    )
})

test('without one, the headers of the proxies and of the sender are used', () => {
  expect(publicUrl('', { ...request, rawQuery: '' })).toBe('http://localhost:3000/webhooks/twilio')
  const headers = {
    host: '127.0.0.1',
    'x-forwarded-proto': 'https, http',
    'x-forwarded-host': 'abc.example',
  }
  expect(publicUrl(undefined, { ...request, headers })).toBe('https://abc.example/webhooks/twilio?a=1&b=%20')
})
