import { Buffer } from 'node:buffer'
import { createHmac } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { ACCEPT_LIMITS } from '#shared/core/limits.ts'
import { senderKeys } from '#shared/pipeline/webhooks/prepare-delivery.ts'
import { currentSources } from '#shared/pipeline/webhooks/sources.ts'
import { makeEvent } from '#shared/testing/accept/records.ts'
import { callHttp } from '#shared/testing/functions/http-calls.ts'
import { makeHttpEvent } from '#shared/testing/functions/lambda-events.ts'
import { memoryAudit } from '#shared/testing/memory/memory-audit.ts'
import { memoryClaimStore } from '#shared/testing/memory/memory-claim-store.ts'
import { memoryEventLog } from '#shared/testing/memory/memory-event-log.ts'
import { memoryHandshakeSecretStore } from '#shared/testing/memory/memory-handshake-secret-store.ts'
import { memoryLimits } from '#shared/testing/memory/memory-limits.ts'
import { memorySenderKeyStore } from '#shared/testing/memory/memory-sender-key-store.ts'
import { samples, signSample } from '#shared/testing/webhooks/provider-samples.ts'
import { publishedKeys } from '#shared/testing/webhooks/published-key-samples.ts'
import { json, type Sample } from '#shared/testing/webhooks/sample.ts'
import { readEnvironment } from './lib/environment.ts'
import { composeWebhooks, createWebhooks, type WebhooksDeps } from './webhooks.ts'

const SECRET = 'the-secret'
const SECRETS = {
  WEBHOOK_SECRET_GITHUB: SECRET,
  WEBHOOK_SECRET_TWILIO: SECRET,
  WEBHOOK_SECRET_SLACK: SECRET,
  WEBHOOK_SECRET_CLOUDEVENTS: SECRET,
}

function createWorld(env: Readonly<Record<string, string>> = {}, deps: Partial<WebhooksDeps> = {}) {
  const kafka = memoryEventLog()
  const audit = memoryAudit()
  const webhooks = createWebhooks({
    ...composeWebhooks(readEnvironment({ ...process.env, ...SECRETS, ...env })),
    kafka,
    claims: memoryClaimStore(),
    handshakeSecrets: memoryHandshakeSecretStore(),
    audit,
    ...deps,
  })
  const call = (
    method: string,
    source: string,
    more: {
      headers?: Readonly<Record<string, string>>
      query?: Readonly<Record<string, string>>
      body?: string | Uint8Array
    } = {},
  ) =>
    callHttp(webhooks, makeHttpEvent(method, `/webhooks/${source}`, { ...more, pathParameters: { source } }))
  const deliver = async (sample: Sample, secret = SECRET) => {
    const { headers, body, url } = await signSample(sample, secret, new Date())
    return call('POST', sample.source, {
      headers: headers as Record<string, string>,
      query: Object.fromEntries(new URL(url).searchParams),
      body: Buffer.from(body).toString(),
    })
  }
  return { call, deliver, kafka, audit }
}

function sampleOf(provider: string): Sample {
  const sample = samples.find(({ name }) => name === provider)
  if (sample === undefined) throw new Error(`no sample of ${provider}`)
  return sample
}

describe('POST /webhooks/{source}', () => {
  test('is 202 with the position of the event if the signature is right', async () => {
    const { deliver, kafka } = createWorld()
    const github = sampleOf('github')

    expect(await deliver(github)).toMatchObject({
      status: 202,
      body: { id: github.expected.id, source: 'urn:tidewire:webhook:github', offset: 0 },
    })
    const [written] = kafka.records.map(({ value }) => JSON.parse(Buffer.from(value).toString()))
    expect(written).toMatchObject({ ...github.expected, source: 'urn:tidewire:webhook:github' })
  })

  test('is 401 if the signature is wrong, and nothing is written', async () => {
    const { deliver, kafka, audit } = createWorld()

    expect((await deliver(sampleOf('github'), 'another-secret')).status).toBe(401)
    expect(kafka.records).toEqual([])
    expect(audit.entries).toMatchObject([
      { action: 'signature.refused', target: 'github', caller: { address: '203.0.113.7' } },
    ])
  })

  test('verifies a signature of the URL with the public address of the deployment', async () => {
    const PUBLIC_URL = 'https://hooks.example.com'

    expect((await createWorld({ PUBLIC_URL }).deliver(sampleOf('twilio'))).status).toBe(200)
    expect((await createWorld().deliver(sampleOf('twilio'))).status).toBe(401)
  })

  test('replies to a provider that tests the endpoint, and writes nothing', async () => {
    const { deliver, kafka } = createWorld()
    const payload = json({ type: 'url_verification', challenge: 'c1' })
    const challenge = { name: 'slack', source: 'slack', payload, expected: {} }

    expect(await deliver(challenge)).toMatchObject({ status: 200, body: { challenge: 'c1' } })
    expect(kafka.records).toEqual([])
  })

  test.each([
    ['is not known', 'nobody'],
    ['has no secret', 'gitlab'],
  ])('is 404 for a source that %s', async (_, source) => {
    const { call } = createWorld()

    expect((await call('POST', source)).status).toBe(404)
    expect((await call('OPTIONS', source)).status).toBe(404)
  })

  test('is 413 for a body above the limit', async () => {
    const { call } = createWorld()
    const post = async (bytes: number) => (await call('POST', 'github', { body: 'x'.repeat(bytes) })).status

    expect(await post(ACCEPT_LIMITS.bodyBytes + 1)).toBe(413)
    expect(await post(ACCEPT_LIMITS.bodyBytes)).toBe(401)
  })
})

test('a new secret of a sender works without a deployment', async () => {
  let secret = 'the-old-secret'
  const current = async () => ({ value: JSON.stringify({ WEBHOOK_SECRET_GITHUB: secret }), created: 0 })
  const sources = currentSources({}, { current, noOlderThan: current })
  const { deliver } = createWorld({}, { sources })
  const github = sampleOf('github')

  expect((await deliver(github, 'the-new-secret')).status).toBe(401)
  secret = 'the-new-secret'
  expect((await deliver(github, 'the-new-secret')).status).toBe(202)
})

describe('a handshake', () => {
  const meta = (
    token: string,
    world = createWorld({ WEBHOOK_SECRET_META: SECRET, WEBHOOK_VERIFY_META: 'my verify, token' }),
  ) => {
    const query = { 'hub.mode': 'subscribe', 'hub.challenge': '1158201444', 'hub.verify_token': token }
    return world.call('GET', 'meta', { query })
  }

  test('is answered as text that no browser takes for a page', async () => {
    expect(await meta('my verify, token')).toMatchObject({
      status: 200,
      body: '1158201444',
      headers: { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' },
    })
  })

  test('with another verify token is refused with the status that the provider expects, audited and limited', async () => {
    const verify = { WEBHOOK_SECRET_META: SECRET, WEBHOOK_VERIFY_META: 'my verify, token' }
    const world = createWorld(verify, { limits: memoryLimits({ rates: 'failures=2' }) })
    expect((await meta('my verify', world)).status).toBe(403)
    expect(world.audit.entries).toMatchObject([{ action: 'signature.refused', target: 'meta' }])
    await meta('another', world)
    expect((await meta('one more', world)).status).toBe(429)
    expect(world.kafka.records).toEqual([])
  })

  const hookSecret = 'b537207f20cbfa02357cf448134da559e8bd39d61597dcd5631b8012eae53e81'
  const asana = (query: Readonly<Record<string, string>>, world: ReturnType<typeof createWorld>) =>
    world.call('POST', 'asana', { query, headers: { 'x-hook-secret': hookSecret } })

  test('whose address has the verify token brings a secret that deliveries may be signed with', async () => {
    const world = createWorld({ WEBHOOK_VERIFY_ASANA: 'a token of the operator' })
    expect((await world.deliver(sampleOf('asana'), hookSecret)).status).toBe(401)
    expect((await asana({ verify: 'a token of somebody' }, world)).status).toBe(401)
    expect((await world.deliver(sampleOf('asana'), hookSecret)).status).toBe(401)

    expect(await asana({ verify: 'a token of the operator' }, world)).toMatchObject({
      status: 200,
      headers: { 'x-hook-secret': hookSecret },
    })
    expect((await world.deliver(sampleOf('asana'), hookSecret)).status).toBe(202)
    expect((await world.deliver(sampleOf('asana'), 'another-secret')).status).toBe(401)
    expect(world.kafka.records).toHaveLength(1)
  })

  test('without a verify token is answered, and brings no secret', async () => {
    const world = createWorld({ WEBHOOK_SECRET_ASANA: SECRET })
    expect(await asana({}, world)).toMatchObject({ status: 200, headers: { 'x-hook-secret': hookSecret } })
    expect((await world.deliver(sampleOf('asana'), hookSecret)).status).toBe(401)
    expect((await world.deliver(sampleOf('asana'))).status).toBe(202)
    expect((await asana({ verify: '' }, world)).status).toBe(401)
  })

  test('brings no more secrets than a source can have', async () => {
    const world = createWorld({ WEBHOOK_VERIFY_ASANA: 'a token of the operator' })
    const query = { verify: 'a token of the operator' }
    const statuses = await Promise.all(
      Array.from({ length: 11 }, (_, index) =>
        world.call('POST', 'asana', { query, headers: { 'x-hook-secret': `a-secret-of-asana-${index}` } }),
      ),
    )
    expect(statuses.map(({ status }) => status).sort()).toEqual([...Array(10).fill(200), 409])
    const short = { 'x-hook-secret': 'short' }
    expect((await world.call('POST', 'asana', { query, headers: short })).status).toBe(400)
  })

  test('that asks for an address to be visited is answered once that is noted', async () => {
    const store = memorySenderKeyStore()
    for (const [address, key] of publishedKeys) await store.save(address, key)
    const now = () => new Date('2026-11-21T08:00:00Z')
    const visited = 'https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&Token=2336412f37'
    const payload = json({
      Type: 'SubscriptionConfirmation',
      MessageId: '1',
      Token: '2336412f37',
      Message: 'm',
      SubscribeURL: visited,
      Timestamp: now().toISOString(),
    })
    const sample = { name: 'sns (unsubscribed)', source: 'sns', payload, expected: {} }
    const { headers, body } = await signSample(sample, SECRET, now())
    const { call, kafka } = createWorld(
      { WEBHOOK_SECRET_SNS: SECRET },
      { now, senderKeys: senderKeys(store, { now: () => now().getTime() }) },
    )
    const sent = { headers: headers as Record<string, string>, body: Buffer.from(body).toString() }

    expect(await call('POST', 'sns', sent)).toMatchObject({ status: 200, body: '' })
    expect(await store.wanted()).toEqual([{ address: visited, at: now().getTime() }])
    expect(kafka.records).toEqual([])
  })

  test('of a method that the source does not have is 405 with those that it has', async () => {
    const { call } = createWorld({ WEBHOOK_SECRET_DROPBOX: SECRET })
    expect(await call('GET', 'github')).toMatchObject({ status: 405, headers: { allow: 'POST, OPTIONS' } })
    expect(await call('HEAD', 'dropbox')).toMatchObject({
      status: 405,
      headers: { allow: 'POST, OPTIONS, GET' },
    })
    expect((await call('GET', 'nobody')).status).toBe(404)
  })
})

describe('the answer to a delivery', () => {
  const own = (answer: object) => ({
    WEBHOOK_SOURCES: JSON.stringify({
      press: { scheme: { algorithm: 'token', header: 'x-token' }, answer },
    }),
    WEBHOOK_SECRET_PRESS: SECRET,
  })
  const press = (answer: object, body: string, token = SECRET) =>
    createWorld(own(answer)).call('POST', 'press', {
      headers: { 'x-token': token, 'content-type': 'application/json' },
      body,
    })

  test.each([
    ['the receipt with another status', { status: 200 }, 200, 'application/json', { offset: 0 }],
    ['text', { status: 200, body: '[accepted]' }, 200, 'text/plain; charset=utf-8', '[accepted]'],
    ['XML', { body: '<Response/>', contentType: 'text/xml' }, 202, 'text/xml; charset=utf-8', '<Response/>'],
    ['JSON', { status: 201, body: { ok: true } }, 201, 'application/json', { ok: true }],
    ['nothing', { status: 200, body: '' }, 200, undefined, ''],
    ['no content', { status: 204 }, 204, undefined, undefined],
  ])('can be %s', async (_, answer, status, type, body) => {
    const response = await press(answer, '{}')
    expect(response.status).toBe(status)
    expect(response.headers['content-type']).toBe(type)
    if (typeof body === 'object') expect(response.body).toMatchObject(body)
    else expect(response.body).toBe(body)
  })

  const RECEIPT = { offset: 0 }
  test.each([
    ['twilio', 200, 'text/xml; charset=utf-8', '<?xml version="1.0" encoding="UTF-8"?><Response/>'],
    ['slack', 200, undefined, ''],
    ['telegram', 200, undefined, ''],
    ['quickbooks', 200, undefined, ''],
    ['xero', 200, undefined, ''],
    ['adyen', 200, 'text/plain; charset=utf-8', '[accepted]'],
    ['supabase', 200, 'application/json', {}],
    ['okta', 204, undefined, undefined],
    ['discord', 204, undefined, undefined],
    ...[
      'shopify',
      'paddle',
      'linear',
      'intercom',
      'mailgun',
      'meta',
      'x',
      'trello',
      'line',
      'zoom',
      'monday',
    ].map((name) => [name, 200, 'application/json', RECEIPT] as const),
    ['azure-event-grid', 200, 'application/json', RECEIPT],
    ['microsoft-graph', 202, 'application/json', RECEIPT],
    ['github', 202, 'application/json', RECEIPT],
  ] as const)('of %s is %d as its documentation says', async (name, status, type, body) => {
    const { deliver, kafka } = createWorld({
      PUBLIC_URL: 'https://hooks.example.com',
      WEBHOOK_LOCAL_SECRETS: '1',
    })
    const isSet = ['github', 'twilio', 'slack'].includes(name)
    const response = await deliver(sampleOf(name), isSet ? SECRET : `local-secret-${name}`)
    expect([response.status, response.headers['content-type']]).toEqual([status, type])
    if (typeof body === 'object') expect(response.body).toMatchObject(body)
    else expect(response.body).toBe(body)
    expect(kafka.records).toHaveLength(1)
  })

  test('can say that a delivery which never becomes an event is not to be sent again', async () => {
    const tooDeep = `${'['.repeat(200)}${']'.repeat(200)}`
    expect((await press({}, tooDeep)).status).toBe(422)
    expect(await press({ final: 406 }, tooDeep)).toMatchObject({ status: 406, body: { status: 406 } })
    expect((await press({ final: 406 }, tooDeep, 'another-secret')).status).toBe(401)
  })

  test('is not that to a handshake', async () => {
    const challenges = [
      { method: 'GET', unsigned: true, when: {}, expected: '?token', refused: 403, text: '?challenge' },
    ]
    const scheme = { algorithm: 'token', header: 'x-token' }
    const WEBHOOK_SOURCES = JSON.stringify({ press: { scheme, challenges, answer: { final: 410 } } })
    const { call } = createWorld({ WEBHOOK_SOURCES, WEBHOOK_SECRET_PRESS: SECRET })
    expect((await call('GET', 'press', { query: { token: 'a', challenge: 'b' } })).status).toBe(403)
  })

  test('can be a refusal without a body', async () => {
    const { status, headers, body } = await press({ emptyRefusal: true }, '{}', 'another-secret')
    expect([status, headers['content-type'], body]).toEqual([401, undefined, ''])
  })
})

describe('a source with a mapping of its own', () => {
  const own = (mapping: object) => ({
    WEBHOOK_SOURCES: JSON.stringify({ bank: { like: 'standard-webhooks', mapping } }),
    WEBHOOK_SECRET_BANK: Buffer.from(SECRET.repeat(3)).toString('base64'),
  })
  const deliver = async (mapping: object, payload: object, secret: string) => {
    const { call, kafka } = createWorld(own(mapping))
    const sample = { name: 'standard-webhooks', source: 'bank', payload: json(payload), expected: {} }
    const { headers, body } = await signSample(sample, secret, new Date())
    const answer = await call('POST', 'bank', {
      headers: headers as Record<string, string>,
      body: Buffer.from(body).toString(),
    })
    return { ...answer, records: kafka.records }
  }
  const mapping = { id: [{ field: '/id' }], type: [{ field: '/type' }] }

  test.each([
    ['what a view writes', { type: 'port.notification' }, '/type'],
    ['a post of somebody', { type: 'blog.post.created', by: 'ada' }, '/data/by'],
    [
      'an order of somebody',
      { type: 'market.order.cancel-requested', orderId: 'o', user: 'ada' },
      '/category',
    ],
  ])('cannot write %s', async (_, payload, pointer) => {
    const { status, body, records } = await deliver(
      mapping,
      { id: 'd-1', ...payload },
      own({}).WEBHOOK_SECRET_BANK,
    )

    expect([status, body.errors?.[0]?.pointer]).toEqual([403, pointer])
    expect(records).toEqual([])
  })

  test('acts in its own name', async () => {
    const payload = { id: 'd-1', type: 'blog.post.created', title: 'Rates' }
    const { status, records } = await deliver(mapping, payload, own({}).WEBHOOK_SECRET_BANK)

    expect(status).toBe(202)
    const [written] = records.map(({ value }) => JSON.parse(Buffer.from(value).toString()))
    expect(written.data).toMatchObject({ title: 'Rates', by: 'service:webhook/bank' })
  })
})

test('OPTIONS /webhooks/{source} grants deliveries without a signature', async () => {
  const { call } = createWorld()

  expect(
    await call('OPTIONS', 'github', { headers: { 'webhook-request-origin': 'sender.example.com' } }),
  ).toMatchObject({
    status: 200,
    headers: { allow: 'POST, OPTIONS', 'webhook-allowed-origin': 'sender.example.com' },
  })
})

describe('a delivery with a content coding', () => {
  const sign = async (body: Uint8Array) => {
    const signature = createHmac('sha256', SECRET).update(body).digest('hex')
    const { headers } = await signSample(sampleOf('github'), SECRET, new Date())
    return { ...headers, 'x-hub-signature-256': `sha256=${signature}`, 'content-encoding': 'gzip' } as Record<
      string,
      string
    >
  }
  const payload = Buffer.from(sampleOf('github').payload(new Date()))

  test.each([
    ['sent', gzipSync(payload)],
    ['decoded', payload],
  ])('is verified by the bytes that were %s, and its event has the decoded ones', async (_, signed) => {
    const { call, kafka } = createWorld()

    const headers = await sign(signed)
    expect((await call('POST', 'github', { headers, body: gzipSync(payload) })).status).toBe(202)
    const [written] = kafka.records.map(({ value }) => JSON.parse(Buffer.from(value).toString()))
    expect(written.data).toEqual(JSON.parse(payload.toString()))
  })

  test('is 401 if it is signed with neither, 400 if it cannot be decoded, and 415 with another coding', async () => {
    const { call, kafka } = createWorld()
    const headers = await sign(Buffer.from('another'))
    const zstd = { ...headers, 'content-encoding': 'zstd' }

    expect((await call('POST', 'github', { headers, body: gzipSync(payload) })).status).toBe(401)
    expect((await call('POST', 'github', { headers, body: payload })).status).toBe(400)
    expect(await call('POST', 'github', { headers: zstd, body: payload })).toMatchObject({
      status: 415,
      headers: { 'accept-encoding': 'gzip, deflate, br' },
    })
    const bomb = gzipSync(Buffer.alloc(ACCEPT_LIMITS.bodyBytes + 1))
    expect((await call('POST', 'github', { headers, body: bomb })).status).toBe(413)
    expect(kafka.records).toEqual([])
  })
})

describe('a header of a signature that came several times', () => {
  test.each(['x-hub-signature-256'])('is 400 with its name: %s', async (name) => {
    const { call, audit } = createWorld()
    const { headers, body } = await signSample(sampleOf('github'), SECRET, new Date())
    const twice = { ...headers, [name]: `${headers[name]},${headers[name]}` } as Record<string, string>

    expect(await call('POST', 'github', { headers: twice, body: Buffer.from(body) })).toMatchObject({
      status: 400,
      body: { detail: expect.stringContaining(`The header "${name}" came several times`) },
    })
    expect(audit.entries).toEqual([])
  })

  test('is 400 with its name if it is the content type', async () => {
    const { call, kafka } = createWorld()
    const { headers, body } = await signSample(sampleOf('github'), SECRET, new Date())
    const twice = { ...headers, 'content-type': 'application/json,application/json' } as Record<
      string,
      string
    >

    expect(await call('POST', 'github', { headers: twice, body: Buffer.from(body) })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/content-type' }] },
    })
    expect(kafka.records).toEqual([])
  })

  test('is 400 for a time, a token, and a list of signatures', async () => {
    const { call } = createWorld({ WEBHOOK_SECRET_SVIX: `whsec_${Buffer.alloc(24, 1).toString('base64')}` })
    const at = `${Math.floor(Date.now() / 1000)}`
    const detailOf = async (source: string, headers: Record<string, string>) =>
      (await call('POST', source, { headers, body: '{}' })).body.detail

    expect(
      await detailOf('slack', { 'x-slack-request-timestamp': `${at},${at}`, 'x-slack-signature': 'v0=00' }),
    ).toContain('"x-slack-request-timestamp" came several times')
    expect(await detailOf('cloudevents', { authorization: `Bearer ${SECRET},Bearer ${SECRET}` })).toContain(
      '"authorization" came several times',
    )
    expect(
      await detailOf('svix', { 'svix-id': 'a', 'svix-timestamp': at, 'svix-signature': 'v1,AAAA,v1,AAAA' }),
    ).toContain('"svix-signature" came several times')
  })
})

describe('POST /webhooks/cloudevents', () => {
  const event = makeEvent('1', { source: '/sender', type: 'tests.made', category: 'tests.made' })
  const more = (headers: Record<string, string>, query: Record<string, string> = {}) => ({
    headers: { 'content-type': 'application/cloudevents+json', ...headers },
    body: JSON.stringify(event),
    query,
  })

  test.each(['Bearer', 'bearer', 'BEARER', 'bEARER  '])(
    'takes its token with the scheme %s',
    async (scheme) => {
      const { call } = createWorld({}, { sourceOwner: async () => null })
      const { status } = await call('POST', 'cloudevents', more({ authorization: `${scheme} ${SECRET}` }))
      expect(status).toBe(202)
    },
  )

  test('takes its token in the query, and nothing that is written has it', async () => {
    const { call, kafka, audit } = createWorld({}, { sourceOwner: async () => null })

    expect((await call('POST', 'cloudevents', more({}, { access_token: SECRET }))).status).toBe(202)
    const wrong = await call('POST', 'cloudevents', more({}, { access_token: `${SECRET}-not` }))
    const both = await call(
      'POST',
      'cloudevents',
      more({ authorization: `Bearer ${SECRET}` }, { access_token: SECRET }),
    )

    expect([wrong.status, both.status]).toEqual([401, 400])
    const written = kafka.records.map(
      ({ value, headers }) => `${Buffer.from(value)} ${JSON.stringify(headers)}`,
    )
    expect(written).toHaveLength(1)
    expect(JSON.stringify([written, audit.entries, wrong, both])).not.toContain(SECRET)
  })
})
