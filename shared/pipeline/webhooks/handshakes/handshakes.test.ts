import { Buffer } from 'node:buffer'
import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createCatalog } from '#shared/pipeline/catalog.ts'
import { receiveWebhook } from '#shared/pipeline/webhooks/receive-webhook.ts'
import { webhookSources } from '#shared/pipeline/webhooks/sources.ts'
import type { WebhookRequest } from '#shared/pipeline/webhooks/webhook-request.ts'
import { signSample } from '#shared/testing/webhooks/provider-samples.ts'
import { publishedKeys } from '#shared/testing/webhooks/published-key-samples.ts'
import { json } from '#shared/testing/webhooks/sample.ts'

// The handshakes of the providers that are built in, as their documentation has them (docs/webhooks.md#handshakes).

const NOW = new Date('2026-11-21T08:00:00Z')
const TOPIC = 'https://news.example/feed?lang=de'
const sources = webhookSources({ WEBHOOK_LOCAL_SECRETS: '1', WEBHOOK_VERIFY_WEBSUB: TOPIC })
const deps = { catalog: createCatalog([]), now: () => NOW, newId: () => 'made', known: publishedKeys }

function receive(
  name: string,
  request: Partial<WebhookRequest> & { query?: Readonly<Record<string, string>> },
) {
  const source = sources.get(name)
  if (source === undefined) throw new Error(`no source ${name}`)
  const { query = {}, ...more } = request
  const url = `https://h.example/webhooks/${name}?${new URLSearchParams(query)}`
  return receiveWebhook(source, { method: 'GET', url, headers: {}, body: new Uint8Array(), ...more }, deps)
}

/** A delivery of the local provider, signed. */
async function signed(name: string, payload: unknown, headers: Readonly<Record<string, string>> = {}) {
  const sample = { name, source: name, payload: json(payload), headers, expected: {} }
  return signSample(sample, `local-secret-${name}`, NOW)
}

const plain = (body: string) => ({
  answer: { status: 200, headers: { 'content-type': 'text/plain; charset=utf-8' }, body },
})
const empty = { answer: { status: 200, body: '' } }

describe('a provider that does not sign its handshake', () => {
  test('Dropbox gets its challenge as text', () => {
    expect(receive('dropbox', { query: { challenge: 'abc123' } })).toEqual(plain('abc123'))
  })

  test('Okta gets the value of its header as JSON', () => {
    const headers = { 'x-okta-verification-challenge': 'cjv2Z7S-_x' }
    expect(receive('okta', { headers })).toEqual({
      answer: { status: 200, body: { verification: 'cjv2Z7S-_x' } },
    })
    expect(() => receive('okta', {})).toThrow('no handshake')
  })

  test('X gets the HMAC of its token', () => {
    const mac = createHmac('sha256', 'local-secret-x').update('ZWM1ZTk1').digest('base64')
    expect(receive('x', { query: { crc_token: 'ZWM1ZTk1' } })).toEqual({
      answer: { status: 200, body: { response_token: `sha256=${mac}` } },
    })
  })

  test('Microsoft Graph gets its token as text, decoded', () => {
    const token = 'Validation: Testing client application reachability for subscription Request-Id: 5c8c1eb1'
    expect(receive('microsoft-graph', { method: 'POST', query: { validationToken: token } })).toEqual(
      plain(token),
    )
    const page = { validationToken: '<script>alert(1)</script>' }
    expect(() => receive('microsoft-graph', { method: 'POST', query: page })).toThrow('must be plain text')
  })

  test('Azure Event Grid gets its validation code', () => {
    const body = json([
      {
        id: '2d1781af',
        eventType: 'Microsoft.EventGrid.SubscriptionValidationEvent',
        data: {
          validationCode: '512d38b6-c7b8-40c8-89fe-f46f9e9622b6',
          validationUrl: 'https://rp.example/',
        },
      },
    ])()
    const headers = { 'content-type': 'application/json', 'aeg-event-type': 'SubscriptionValidation' }
    expect(receive('azure-event-grid', { method: 'POST', headers, body: Buffer.from(body) })).toEqual({
      answer: { status: 200, body: { validationResponse: '512d38b6-c7b8-40c8-89fe-f46f9e9622b6' } },
    })
  })

  test('monday.com gets its challenge as JSON, and an event that has one is an event', async () => {
    const headers = { 'content-type': 'application/json' }
    const body = Buffer.from('{"challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"}')
    expect(receive('monday', { method: 'POST', headers, body })).toEqual({
      answer: { status: 200, body: { challenge: '3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P' } },
    })
    const event = await signed('monday', { challenge: 'a', event: { type: 'create_pulse' } })
    expect(receive('monday', event)).toHaveProperty('event.type', 'monday.create_pulse')
  })

  test.each(['trello', 'intercom'])('%s gets 200 for HEAD', (name) => {
    expect(receive(name, { method: 'HEAD' })).toEqual(empty)
    expect(() => receive(name, { method: 'GET' })).toThrow('no handshake by GET')
  })

  test('Slack, which tries out the certificate of a command, gets 200, and a command with that field is an event', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const body = Buffer.from('ssl_check=1&token=abc')
    expect(receive('slack', { method: 'POST', headers, body })).toEqual(empty)
    const command = await signed('slack', { ssl_check: '1', command: '/deploy' })
    expect(receive('slack', command)).toHaveProperty('event.type', 'slack.slash_command')
  })

  test('Asana gets its header back, which opens nothing', async () => {
    const headers = { 'x-hook-secret': 'b537207f20cbfa02357cf448134da559e8bd39d61597dcd5631b8012eae53e81' }
    expect(receive('asana', { method: 'POST', headers })).toEqual({
      answer: { status: 200, headers, body: '' },
    })
    const body = '{"events":[{"action":"added"}]}'
    const signature = createHmac('sha256', headers['x-hook-secret']).update(body).digest('hex')
    const forged = { 'content-type': 'application/json', 'x-hook-signature': signature }
    expect(() => receive('asana', { method: 'POST', headers: forged, body: Buffer.from(body) })).toThrow(
      'No configured',
    )
  })
})

describe('a provider that names what it was subscribed with', () => {
  test('Meta gets its challenge if the verify token is right', () => {
    const ask = (token: string, mode = 'subscribe') =>
      receive('meta', {
        query: { 'hub.mode': mode, 'hub.challenge': '1158201444', 'hub.verify_token': token },
      })
    expect(ask('local-verify-meta')).toEqual(plain('1158201444'))
    expect(() => ask('another')).toThrow('"hub.verify_token" is not what is expected')
    expect(() => ask('')).toThrow('"hub.verify_token" is not what is expected')
    expect(() => ask('local-verify-meta', 'unsubscribe')).toThrow('no handshake')
  })

  test('a hub of WebSub is confirmed for topics that are expected, and may end only those that are not', () => {
    const ask = (mode: string, topic: string) =>
      receive('websub', {
        query: {
          'hub.mode': mode,
          'hub.topic': topic,
          'hub.challenge': 'c-1',
          'hub.lease_seconds': '864000',
        },
      })
    expect(ask('subscribe', TOPIC)).toEqual(plain('c-1'))
    expect(() => ask('subscribe', 'https://evil.example/')).toThrow('"hub.topic" is not what is expected')
    expect(() => ask('unsubscribe', TOPIC)).toThrow('"hub.topic" is what this endpoint still expects')
    expect(ask('unsubscribe', 'https://news.example/old')).toEqual(plain('c-1'))
    expect(ask('denied', TOPIC)).toEqual(empty)
    expect(() => ask('publish', TOPIC)).toThrow('no handshake')
  })
})

describe('a provider that signs its handshake', () => {
  test('Zoom gets its token and the HMAC of it', async () => {
    const request = await signed('zoom', {
      event: 'endpoint.url_validation',
      payload: { plainToken: 'qgg8vlvZRS6UYooatFL8Aw' },
    })
    const encryptedToken = createHmac('sha256', 'local-secret-zoom')
      .update('qgg8vlvZRS6UYooatFL8Aw')
      .digest('hex')
    expect(receive('zoom', request)).toEqual({
      answer: { status: 200, body: { plainToken: 'qgg8vlvZRS6UYooatFL8Aw', encryptedToken } },
    })
    const bare = { ...request, headers: { 'content-type': 'application/json' } }
    expect(() => receive('zoom', bare)).toThrow('is missing')
  })

  test('Twitch gets its challenge as text, and tells of a revocation', async () => {
    const subscription = { id: 's1', type: 'channel.follow', status: 'authorization_revoked' }
    const verification = { 'twitch-eventsub-message-type': 'webhook_callback_verification' }
    const request = await signed(
      'twitch',
      { challenge: 'pogchamp-kappa-360noscope-vohiyo', subscription },
      verification,
    )
    expect(receive('twitch', request)).toEqual(plain('pogchamp-kappa-360noscope-vohiyo'))
    const revocation = { 'twitch-eventsub-message-type': 'revocation' }
    expect(receive('twitch', await signed('twitch', { subscription }, revocation))).toMatchObject({
      event: { type: 'twitch.revocation', subject: 's1' },
    })
  })

  test.each([['asana'], ['line'], ['xero']])('%s tests with a delivery without events', async (name) => {
    const request = await signed(name, { events: [], entropy: 'XSDQTNKOBAHFHQHXZTDS' })
    expect(receive(name, request)).toEqual(empty)
    const forged = { ...request, body: Buffer.from('{"events":[]}') }
    expect(() => receive(name, forged)).toThrow('No configured secret')
  })
})

describe('Amazon SNS', () => {
  const confirmation = (SubscribeURL: string) => ({
    Type: 'SubscriptionConfirmation',
    MessageId: '165545c9-2a5c-472c-8df2-7ff2be2b3b1b',
    Token: '2336412f37',
    Message: 'You have chosen to subscribe to the topic.',
    SubscribeURL,
    Timestamp: NOW.toISOString(),
  })
  const subscribe = async (url: string) => {
    const sample = {
      source: 'sns',
      payload: json(confirmation(url)),
      contentType: 'text/plain; charset=UTF-8',
    }
    return signSample({ ...sample, name: 'sns (unsubscribed)', expected: {} }, 'local-secret-sns', NOW)
  }
  const OWN =
    'https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=arn:aws:sns:a&Token=2336412f37'

  test('has its subscription confirmed at its own host alone', async () => {
    expect(receive('sns', await subscribe(OWN))).toEqual({ ...empty, visit: OWN })
    for (const other of [
      'https://sns.eu-central-1.amazonaws.com.evil.example/?Action=ConfirmSubscription',
      'https://evil.example/?u=https://sns.eu-central-1.amazonaws.com/',
      'https://sns.eu-central-1.amazonaws.com@evil.example/?Action=ConfirmSubscription',
      'https://evil.example#.sns.eu-central-1.amazonaws.com/',
      'https://s3.eu-central-1.amazonaws.com/?Action=ConfirmSubscription',
      'http://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription',
      'https://sns.eu-central-1.amazonaws.com:8443/?Action=ConfirmSubscription',
      'https://sns.eu-central-1.amazonaws.com/other?Action=ConfirmSubscription',
      'file:///etc/passwd',
      `${OWN}&pad=${'x'.repeat(2048)}`,
      `${OWN} `,
    ]) {
      const request = await subscribe(other)
      expect(() => receive('sns', request), other).toThrow('"/SubscribeURL" of the body is not an address')
    }
  })

  test('is confirmed only if its certificate signed the request', async () => {
    const request = await subscribe(OWN)
    const body = Buffer.from(Buffer.from(request.body).toString().replace('Token=2336', 'Token=2337'))
    expect(() => receive('sns', { ...request, body })).toThrow()
  })
})

describe('Microsoft Graph', () => {
  const deliver = (value: unknown) => {
    const body = Buffer.from(JSON.stringify({ value }))
    return receive('microsoft-graph', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
  }
  const clientState = 'local-secret-microsoft-graph'

  test('must repeat the client state in each of its changes', () => {
    expect(deliver([{ clientState, changeType: 'created' }, { clientState }])).toHaveProperty(
      'event.data.value',
    )
    for (const value of [
      [{ clientState }, {}],
      [{ clientState }, { clientState: 'another' }],
      [{ clientState: [clientState] }],
      [],
      { clientState },
      null,
    ])
      expect(() => deliver(value), JSON.stringify(value)).toThrow(/No configured secret|is missing/)
  })

  test('tells of the life of a subscription', () => {
    expect(
      deliver([{ clientState, lifecycleEvent: 'reauthorizationRequired', subscriptionId: 's1' }]),
    ).toMatchObject({
      event: { type: 'microsoft-graph.reauthorizationRequired', subject: 's1' },
    })
  })
})

test('a delivery that can be repeated with the same body is a new event each time', async () => {
  let count = 0
  const source = sources.get('dropbox')
  if (source === undefined) throw new Error('no source dropbox')
  const request = await signed('dropbox', { list_folder: { accounts: ['dbid:1'] } })
  const ids = [1, 2].map(() => {
    const received = receiveWebhook(source, request, { ...deps, newId: () => `made-${++count}` })
    return 'event' in received ? [received.event.id, ...received.madeIds] : []
  })
  expect(ids).toEqual([
    ['made-1', 'made-1'],
    ['made-2', 'made-2'],
  ])
})
