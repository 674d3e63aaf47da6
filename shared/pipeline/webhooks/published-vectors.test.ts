import { Buffer } from 'node:buffer'
import { expect, test } from 'vitest'
import { providers } from './providers/providers.ts'
import { verifyWebhook } from './verify.ts'

// Signatures that providers publish together with the secret. Each has a link to its publication.
type Vector = {
  readonly source: string
  readonly published: string
  readonly secret: string
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
  readonly url?: string
  /** Unix seconds. */
  readonly at?: number
}

const vectors: readonly Vector[] = [
  {
    source: 'box',
    published: 'the tests of the official library box-node-sdk',
    secret: 'SamplePrimaryKey',
    body: '{"type":"webhook_event","webhook":{"id":"1234567890"},"trigger":"FILE.UPLOADED","source":{"id":"1234567890","type":"file","name":"Test.txt"}}',
    headers: {
      'box-delivery-timestamp': '2020-01-01T00:00:00-07:00',
      'box-signature-primary': '6TfeAW3A1PASkgboxxA5yqHNKOwFyMWuEXny/FPD5hI=',
    },
    at: 1577862000,
  },
  {
    source: 'box',
    published: 'the same, with the secondary key',
    secret: 'SampleSecondaryKey',
    body: '{"type":"webhook_event","webhook":{"id":"1234567890"},"trigger":"FILE.UPLOADED","source":{"id":"1234567890","type":"file","name":"Test.txt"}}',
    headers: {
      'box-delivery-timestamp': '2020-01-01T00:00:00-07:00',
      'box-signature-primary': 'of a key that is not known here',
      'box-signature-secondary': 'v+1CD1Jdo3muIcbpv5lxxgPglOqMfsNHPV899xWYydo=',
    },
    at: 1577862000,
  },
  {
    source: 'line',
    published: 'the tests of the official library line-bot-sdk-nodejs',
    secret: 'test_secret',
    body: '{"hello":"world"}',
    headers: { 'x-line-signature': 't7Hn4ZDHqs6e+wdvI5TyQIvzie0DmMUmuXEBqyyE/tM=' },
  },
  {
    source: 'razorpay',
    published: 'the tests of the official library razorpay-node',
    secret: '123456',
    body: '{"a":1,"b":2,"c":{"d":3}}',
    headers: {
      'x-razorpay-signature': '2fe04e22977002e6c7cb553adab8b460cb9e2a4970d5953cb27a8472752e3bbc',
    },
  },
  {
    source: 'github',
    published: 'docs.github.com, "Validating webhook deliveries", testing the webhook payload validation',
    secret: "It's a Secret to Everybody",
    body: 'Hello, World!',
    headers: {
      'x-hub-signature-256': 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
    },
  },
  {
    source: 'bitbucket',
    published: 'support.atlassian.com, "Manage webhooks", testing the webhook payload validation',
    secret: "It's a Secret to Everybody",
    body: 'Hello World!',
    headers: { 'x-hub-signature': 'sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9' },
  },
  {
    source: 'slack',
    published: 'docs.slack.dev, "Verifying requests from Slack", the worked example',
    secret: '8f742231b10e8888abcd99yyyzzz85a5',
    body: 'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c',
    headers: {
      'x-slack-request-timestamp': '1531420618',
      'x-slack-signature': 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
    },
    at: 1531420618,
  },
  {
    source: 'twilio',
    published: 'twilio.com/docs/usage/security, "Validating requests", the worked example',
    secret: '12345',
    url: 'https://mycompany.com/myapp.php?foo=1&bar=2',
    body: 'Digits=1234&To=%2B18005551212&From=%2B12349013030&Caller=%2B12349013030&CallSid=CA1234567890ABCDE',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'x-twilio-signature': '0/KCTR6DLpKmkAf8muzZqo1nDgQ=',
    },
  },
  {
    source: 'twilio',
    published: 'the tests of the official twilio-node library (the example of earlier documentation)',
    secret: '12345',
    url: 'https://mycompany.com/myapp.php?foo=1&bar=2',
    body: 'CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'x-twilio-signature': 'RSOYDt4T1cUTdK1PDd93/VVr8B8=',
    },
  },
  ...[
    ['standard-webhooks', 'webhook'],
    ['svix', 'svix'],
    ['svix', 'webhook'],
    ['gitlab', 'webhook'],
  ].map(([source = '', prefix]) => ({
    source,
    published: 'docs.svix.com, "Verifying webhooks", and the libraries of standard-webhooks',
    secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    body: '{"test": 2432232314}',
    headers: {
      [`${prefix}-id`]: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      [`${prefix}-timestamp`]: '1614265330',
      [`${prefix}-signature`]: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    },
    at: 1614265330,
  })),
  {
    source: 'square',
    published: 'developer.squareup.com, "Verify and validate an event notification", the worked example',
    secret: 'asdf1234',
    url: 'https://example.com/webhook',
    body: '{"hello":"world"}',
    headers: { 'x-square-hmacsha256-signature': '2kRE5qRU2tR+tBGlDwMEw2avJ7QM4ikPYD/PJ3bd9Og=' },
  },
  ...[
    ['1693657560000', 'K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y=', 'hubspot-api-python'],
    ['1700000300000', 'RnbPH7+UMKVkbV32P8bz450N4M56aPmcru1+D3kSDtw=', 'hubspot-api-ruby'],
  ].map(([timestamp = '', signature = '', library]) => ({
    source: 'hubspot',
    published: `the tests of the official library ${library}`,
    secret: 'yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy',
    url: 'https://www.example.com/webhook_uri',
    body: "{'example_field':'example_value'}",
    headers: { 'x-hubspot-request-timestamp': timestamp, 'x-hubspot-signature-v3': signature },
    at: Number(timestamp) / 1000,
  })),
  {
    source: 'sendgrid',
    published: 'the tests of the official library sendgrid-nodejs, one event',
    secret:
      'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g==',
    body: `${JSON.stringify([
      {
        email: 'hello@world.com',
        event: 'dropped',
        reason: 'Bounced Address',
        sg_event_id: 'ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA',
        sg_message_id: 'LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0',
        'smtp-id': '<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>',
        timestamp: 1600112492,
      },
    ])}\r\n`,
    headers: {
      'x-twilio-email-event-webhook-signature':
        'MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM=',
      'x-twilio-email-event-webhook-timestamp': '1600112502',
    },
    at: 1600112502,
  },
  ...[
    ['hello world', 'secret', '734cc62f32841568f45715aeb9f4d7891324e6d948e4c6c60c0621cdac48623a'],
    ['lalala', 'another-secret', 'daa220016c8f29a8b214fbfc3671aeec2145cfb1e6790184ffb38b6d0425fa00'],
    [
      'an-important-request-payload',
      'hunter123',
      '9be2242094a9a8c00c64306f382a7f9d691de910b4a266f67bd314ef18ac49fa',
    ],
  ].map(([body = '', secret = '', signature]) => ({
    source: 'circleci',
    published: 'circleci.com/docs, "Outbound webhooks", validating webhooks, the table of examples',
    secret,
    body,
    headers: { 'circleci-signature': `v1=${signature}` },
  })),
  {
    source: 'jira',
    published: 'developer.atlassian.com, "Webhooks", secure admin webhooks, testing the payload validation',
    secret: "It's a Secret to Everybody",
    body: 'Hello World!',
    headers: { 'x-hub-signature': 'sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9' },
  },
]

test.each(vectors)('$source: $published', ({ source, secret, body, headers, url = '', at = 0 }) => {
  const request = { method: 'POST', url, headers, body: Buffer.from(body) }
  const schemes = providers[source]?.schemes ?? []
  const now = new Date(at * 1000)
  expect(verifyWebhook({ ...request, schemes, secrets: [secret], now })).toEqual({ ok: true })
  const tampered = { ...request, body: Buffer.from(`${body} `) }
  expect(verifyWebhook({ ...tampered, schemes, secrets: [secret], now }).ok).toBe(false)
})

test('RFC 8032 §7.1 test 3 is a valid Discord signature', () => {
  // The message is the two bytes af 82, without a timestamp, so the scheme here signs only the body.
  const [scheme] = providers.discord?.schemes ?? []
  if (scheme?.algorithm !== 'ed25519') throw new Error('Discord signs with Ed25519')
  const { timestamp: _, ...untimed } = { ...scheme, content: '{body}' }
  const verification = {
    method: 'POST',
    url: '',
    body: Buffer.from('af82', 'hex'),
    headers: {
      'x-signature-ed25519':
        '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
    },
    schemes: [untimed],
    secrets: ['fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025'],
    now: new Date(0),
  }
  expect(verifyWebhook(verification)).toEqual({ ok: true })
  expect(verifyWebhook({ ...verification, body: Buffer.from('af83', 'hex') }).ok).toBe(false)
})

test.each([
  ['REPORT_AVAILABLE', 'ZNBPtI+oDyyRrLyD1XirkKnQgIAlFc07Vj27TeHsDRE='],
  ['EVENT', 'ipnxGCaUZ4l8TUW75a71/ghd2Fe5ffvX0pV4TLTntIc='],
])('adyen: the tests of the official library, %s', (eventCode, hmacSignature) => {
  const body = (value: number) =>
    JSON.stringify({
      live: 'false',
      notificationItems: [
        {
          NotificationRequestItem: {
            pspReference: 'pspReference',
            originalReference: 'originalReference',
            merchantAccountCode: 'merchantAccount',
            merchantReference: 'reference',
            amount: { currency: 'EUR', value },
            eventCode,
            success: 'true',
            additionalData: { hmacSignature },
          },
        },
      ],
    })
  const verdict = (value: number) =>
    verifyWebhook({
      method: 'POST',
      url: '',
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(body(value)),
      schemes: providers.adyen?.schemes ?? [],
      secrets: ['DFB1EB5485895CFA84146406857104ABB4CBCABDC8AAF103A624C8F6A3EAAB00'],
      now: new Date(0),
    })
  expect(verdict(1000)).toEqual({ ok: true })
  expect(verdict(1001).ok).toBe(false)
})
