import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { SenderKey } from '#shared/pipeline/sender-key-store.ts'
import { makeCertificate } from './make-certificate.ts'
import { json, type Sample, TIME } from './sample.ts'
import { type Signer, seconds } from './signer.ts'
import { base64, base64Url, derOf, ecdsa, rsaSignature, sha256Hex } from './web-crypto.ts'

// Senders that publish their keys. Theirs are made here, and known under the addresses that the samples name.

const keys = generateKeyPairSync('rsa', { modulusLength: 2048 })
const CERTIFICATE = makeCertificate({ hosts: ['sns.amazonaws.com'], keys }).pem
const SNS_ADDRESS =
  'https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-01d088a6f77103d0fe307c0069e40ed6.pem'
const PAYPAL_ADDRESS = 'https://api.paypal.com/v1/notifications/certs/CERT-360caa42-fca2a594-1d93a270'
const GOOGLE_ADDRESS = 'https://www.googleapis.com/oauth2/v3/certs'
const KID = 'test-key'

const copied = Date.parse('2026-11-21T07:30:00Z')
const jwk = { ...keys.publicKey.export({ format: 'jwk' }), kid: KID, alg: 'RS256', use: 'sig' }

/** What the senders of the samples publish. */
export const publishedKeys: ReadonlyMap<string, SenderKey> = new Map([
  [SNS_ADDRESS, { text: CERTIFICATE, copied }],
  [PAYPAL_ADDRESS, { text: CERTIFICATE, copied }],
  [GOOGLE_ADDRESS, { text: JSON.stringify({ keys: [jwk] }), copied }],
])

/** Deliveries of senders that publish their keys. */
export const publishedKeySamples: readonly Sample[] = [
  ...['sns', 'sns (version 1)'].map((name) => ({
    name,
    source: 'sns',
    payload: (at: Date) =>
      JSON.stringify({
        Type: 'Notification',
        MessageId: '22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324',
        ...(name === 'sns' && { Subject: 'My First Message' }),
        Message: 'Hello\nworld! ünïcödé',
        Timestamp: at.toISOString(),
      }),
    contentType: 'text/plain; charset=UTF-8',
    expected: {
      type: 'sns.Notification',
      id: '22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324',
      subject: 'local-secret-sns',
    },
  })),
  {
    name: 'sns (unsubscribed)',
    source: 'sns',
    payload: (at) =>
      JSON.stringify({
        Type: 'UnsubscribeConfirmation',
        MessageId: '47138184-6831-46b8-8f7c-afc488602d7d',
        Token: '2336412f37',
        Message: 'You have chosen to deactivate the subscription.',
        SubscribeURL: 'https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&Token=2336412f37',
        Timestamp: at.toISOString(),
      }),
    contentType: 'text/plain; charset=UTF-8',
    expected: { type: 'sns.UnsubscribeConfirmation', id: '47138184-6831-46b8-8f7c-afc488602d7d' },
  },
  {
    name: 'paypal',
    source: 'paypal',
    payload: json({
      id: 'WH-9UG43882HX7271132-6E0871324L7949614',
      create_time: TIME,
      event_type: 'PAYMENT.SALE.COMPLETED',
      resource: { id: '80F85758S3080410K' },
    }),
    expected: {
      type: 'paypal.PAYMENT.SALE.COMPLETED',
      id: 'WH-9UG43882HX7271132-6E0871324L7949614',
      subject: '80F85758S3080410K',
      time: TIME,
    },
  },
  {
    name: 'plaid',
    source: 'plaid',
    payload: json({
      webhook_type: 'TRANSACTIONS',
      webhook_code: 'SYNC_UPDATES_AVAILABLE',
      item_id: 'wz666MBjYWTp2PDzzggYhM6oWWmBb',
    }),
    expected: { type: 'plaid.SYNC_UPDATES_AVAILABLE', subject: 'wz666MBjYWTp2PDzzggYhM6oWWmBb' },
  },
  {
    name: 'pubsub',
    source: 'pubsub',
    payload: json({
      message: {
        attributes: { key: 'value' },
        data: 'SGVsbG8gQ2xvdWQgUHViL1N1YiE=',
        messageId: '2070443601311540',
        publishTime: TIME,
      },
      subscription: 'projects/myproject/subscriptions/mysubscription',
    }),
    expected: {
      type: 'pubsub.message',
      id: '2070443601311540',
      subject: 'projects/myproject/subscriptions/mysubscription',
      time: TIME,
    },
  },
  {
    name: 'sendgrid',
    source: 'sendgrid',
    payload: json([
      { event: 'delivered', sg_event_id: 'ZGVs', sg_message_id: '14c5d75ce93.dfd', timestamp: 1795248000 },
      { event: 'open', sg_event_id: 'b3Bl', sg_message_id: '14c5d75ce93.dfd', timestamp: 1795248001 },
    ]),
    expected: {
      type: 'sendgrid.delivered',
      subject: '14c5d75ce93.dfd',
      time: '2026-11-21T08:00:00.000Z',
    },
  },
]

const SNS_SIGNED = {
  Notification: ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'],
  UnsubscribeConfirmation: ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'],
  SubscriptionConfirmation: [
    'Message',
    'MessageId',
    'SubscribeURL',
    'Timestamp',
    'Token',
    'TopicArn',
    'Type',
  ],
}

const sns =
  (version: '1' | '2'): Signer =>
  async ({ secret, body }) => {
    const message: Record<string, string> = { ...JSON.parse(body), TopicArn: secret }
    const names = SNS_SIGNED[message.Type as keyof typeof SNS_SIGNED]
    const content = names
      .filter((name) => message[name] !== undefined)
      .map((name) => `${name}\n${message[name]}\n`)
      .join('')
    const hash = version === '1' ? 'SHA-1' : 'SHA-256'
    const Signature = base64(await rsaSignature(keys.privateKey, hash, content))
    return {
      headers: { 'x-amz-sns-message-type': message.Type ?? '' },
      body: JSON.stringify({ ...message, SignatureVersion: version, Signature, SigningCertURL: SNS_ADDRESS }),
    }
  }

async function token(
  header: object,
  claims: object,
  sign: (input: string) => Promise<Uint8Array>,
): Promise<string> {
  const encode = (part: object) => base64Url(new TextEncoder().encode(JSON.stringify(part)))
  const input = `${encode(header)}.${encode(claims)}`
  return `${input}.${base64Url(await sign(input))}`
}

/** Returns a token of Google for a push subscription, signed with the key that the samples know or another one. */
export function googleToken(
  claims: object,
  { key = keys.privateKey, kid = KID }: { key?: KeyObject; kid?: string } = {},
) {
  return token({ alg: 'RS256', kid, typ: 'JWT' }, claims, (input) => rsaSignature(key, 'SHA-256', input))
}

export const publishedKeySigners: Readonly<Record<string, Signer>> = {
  sns: sns('2'),
  'sns (version 1)': sns('1'),
  'sns (unsubscribed)': sns('2'),
  paypal: async ({ secret, body, at }) => {
    const id = 'd938e770-8046-11e6-8103-6b62a8a99ac4'
    const time = at.toISOString()
    const signature = await rsaSignature(keys.privateKey, 'SHA-256', `${id}|${time}|${secret}|${crc32(body)}`)
    return {
      headers: {
        'paypal-transmission-id': id,
        'paypal-transmission-time': time,
        'paypal-transmission-sig': base64(signature),
        'paypal-cert-url': PAYPAL_ADDRESS,
        'paypal-auth-algo': 'SHA256withRSA',
      },
    }
  },
  plaid: async ({ secret, body, at }) => {
    const claims = { iat: Number(seconds(at)), request_body_sha256: await sha256Hex(body) }
    const header = { alg: 'ES256', kid: 'bfbd5111-8e33-4643-8ced-b2e642a72f3c', typ: 'JWT' }
    return { headers: { 'plaid-verification': await token(header, claims, (input) => ecdsa(secret, input)) } }
  },
  pubsub: async ({ secret, url, at }) => {
    const iat = Number(seconds(at))
    const claims = { iss: 'https://accounts.google.com', aud: url, email: secret, email_verified: true }
    const signed = await googleToken({
      ...claims,
      azp: '113774264463038321964',
      sub: '1',
      iat,
      exp: iat + 3600,
    })
    return { headers: { authorization: `Bearer ${signed}` } }
  },
  sendgrid: async ({ secret, body, at }) => ({
    headers: {
      'x-twilio-email-event-webhook-timestamp': seconds(at),
      'x-twilio-email-event-webhook-signature': base64(derOf(await ecdsa(secret, seconds(at) + body))),
    },
  }),
}
