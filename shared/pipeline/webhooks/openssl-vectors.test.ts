import { Buffer } from 'node:buffer'
import { expect, test } from 'vitest'
import vectors from '#shared/testing/webhooks/fixtures/openssl-vectors.json' with { type: 'json' }
import { readMultipart } from './multipart.ts'
import { providers } from './providers/providers.ts'
import { verifyWebhook } from './verify.ts'

// Signatures of providers that publish none with its key, made with OpenSSL 3 and the module hmac of Python from what the
// documentation says, at AT. The providers link to their pages.

const AT = 1_796_083_200
const SECRET = 'a-secret-of-the-example'
const copied = AT * 1000
const known = new Map([
  [vectors.snsAddress, { text: vectors.certificate, copied }],
  [vectors.paypal.headers['paypal-cert-url'], { text: vectors.certificate, copied }],
  ['https://www.googleapis.com/oauth2/v3/certs', { text: vectors.googleKeys, copied }],
])

type Given = {
  readonly source: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly secret?: string
  readonly url?: string
}

function isRight({ source, headers = {}, body = vectors.body, secret = SECRET, url = '' }: Given): boolean {
  return verifyWebhook({
    method: 'POST',
    url,
    headers: { 'content-type': 'application/json', ...headers },
    body: Buffer.from(body),
    schemes: providers[source]?.schemes ?? [],
    secrets: [secret],
    known,
    now: new Date(AT * 1000),
  }).ok
}

test.each(Object.entries(vectors.hmac))('%s', (name, headers) => {
  const [source = ''] = name.split(' ')
  const given = { source, headers: headers as unknown as Record<string, string> }
  expect(isRight(given)).toBe(true)
  expect(isRight({ ...given, body: `${vectors.body} ` })).toBe(false)
})

test.each(vectors.sns.map((body, index) => [index, body] as const))('sns, message %i', (_, body) => {
  const given = {
    source: 'sns',
    body,
    secret: vectors.topic,
    headers: { 'content-type': 'text/plain; charset=UTF-8' },
  }
  expect(isRight(given)).toBe(true)
  for (const [before, after] of [
    ['"Message": "', '"Message": "!'],
    ['"MessageId": "', '"MessageId": "0'],
    ['"SignatureVersion": "1"', '"SignatureVersion": "2"'],
    ['"SignatureVersion": "2"', '"SignatureVersion": "1"'],
    ['"Type": "Notification"', '"Type": "UnsubscribeConfirmation"'],
    ['"Type": "SubscriptionConfirmation"', '"Type": "Notification"'],
  ] as const)
    if (body.includes(before)) expect(isRight({ ...given, body: body.replace(before, after) })).toBe(false)
  expect(isRight({ ...given, secret: `${vectors.topic}-2` })).toBe(false)
})

test('paypal', () => {
  const given = { source: 'paypal', ...vectors.paypal }
  expect(isRight(given)).toBe(true)
  expect(isRight({ ...given, body: given.body.replace('21', '22') })).toBe(false)
  expect(isRight({ ...given, secret: '9XL90610J3647323D' })).toBe(false)
})

test('plaid', () => {
  const headers = { 'plaid-verification': vectors.plaid.token }
  const given = { source: 'plaid', headers, body: vectors.plaid.body, secret: vectors.ecPublicKey }
  expect(isRight(given)).toBe(true)
  expect(isRight({ ...given, body: `${given.body}\n` })).toBe(false)
})

test('pubsub', () => {
  const { body, token } = vectors.pubsub
  const given = {
    source: 'pubsub',
    headers: { authorization: `Bearer ${token}` },
    body,
    secret: 'push@myproject.iam.gserviceaccount.com',
    url: 'https://example.com/webhooks/pubsub',
  }
  expect(isRight(given)).toBe(true)
  expect(isRight({ ...given, url: 'https://other.example/webhooks/pubsub' })).toBe(false)
  expect(isRight({ ...given, secret: 'pull@myproject.iam.gserviceaccount.com' })).toBe(false)
})

test('airtable, whose key is in base64', () => {
  const { secret, header } = vectors.airtable
  const given = { source: 'airtable', secret, headers: { 'x-airtable-content-mac': header } }
  expect(isRight(given)).toBe(true)
  expect(isRight({ ...given, body: '{}' })).toBe(false)
})

test('a route of mailgun with a file', async () => {
  const { timestamp, token, signature } = vectors.mailgun
  const part = (name: string, value: string, more = '') =>
    `--b0\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n`
  const signed = (value: string) =>
    part('timestamp', timestamp) + part('token', token) + part('signature', value)
  const verify = async (value: string) => {
    const body = Buffer.from(`${signed(value)}${part('attachment-1', '\0', '; filename="a.bin"')}--b0--\r\n`)
    const headers = { 'content-type': 'multipart/form-data; boundary="b0"' }
    await readMultipart(headers['content-type'], body)
    const schemes = providers.mailgun?.schemes ?? []
    const now = new Date(AT * 1000)
    return verifyWebhook({ method: 'POST', url: '', headers, body, schemes, secrets: [SECRET], now }).ok
  }
  expect(await verify(signature)).toBe(true)
  expect(await verify(signature.replace(/^./, (digit) => (digit === '0' ? '1' : '0')))).toBe(false)
})
