import { Buffer } from 'node:buffer'
import { expect, test } from 'vitest'
import { providers } from './providers/providers.ts'
import { verifyWebhook } from './verify.ts'

// Signatures of providers that publish none with its secret, made with the modules hmac and hashlib of Python from what the
// documentation says. Each has a link to it.
const SECRET = 'a-secret-of-the-example'
const BODY = '{"hello":"wörld","n":1}'
const AT = 1795248000

type Vector = {
  readonly source: string
  readonly documented: string
  readonly headers: Readonly<Record<string, string>>
  readonly secret?: string
}

const vectors: readonly Vector[] = [
  {
    source: 'meta',
    documented: 'https://developers.facebook.com/docs/graph-api/webhooks/getting-started#validate-payloads',
    headers: {
      'x-hub-signature-256': 'sha256=9c2bd34f3a9d5bf86c861034369f10ac98bc88a9413008db157ee29ca1501ba0',
    },
  },
  {
    source: 'x',
    documented: 'https://docs.x.com/x-api/webhooks/introduction',
    headers: {
      'x-twitter-webhooks-signature': 'sha256=nCvTTzqdW/hshhA0Np8QrJi8iKlBMAjbFX7inKFQG6A=',
    },
  },
  {
    source: 'dropbox',
    documented: 'https://www.dropbox.com/developers/reference/webhooks',
    headers: {
      'x-dropbox-signature': '9c2bd34f3a9d5bf86c861034369f10ac98bc88a9413008db157ee29ca1501ba0',
    },
  },
  {
    source: 'trello',
    documented: 'https://developer.atlassian.com/cloud/trello/guides/rest-api/webhooks/#webhook-signatures',
    headers: {
      'x-trello-webhook': 'lgnRCgL9FpTMLFh40jGJwllyZm8=',
    },
  },
  {
    source: 'asana',
    documented: 'https://developers.asana.com/docs/webhooks-guide',
    headers: {
      'x-hook-signature': '9c2bd34f3a9d5bf86c861034369f10ac98bc88a9413008db157ee29ca1501ba0',
    },
  },
  {
    source: 'calendly',
    documented: 'https://developer.calendly.com/api-docs/ZG9jOjM2MzE2MDM4-webhook-signatures',
    headers: {
      'calendly-webhook-signature':
        't=1795248000,v1=0d70d131bec01c4eb4011e84d0c1a5058d3ad46794c51174479ae97343b2271b',
    },
  },
  {
    source: 'zoom',
    documented: 'https://developers.zoom.us/docs/api/webhooks/#verify-with-zooms-header',
    headers: {
      'x-zm-request-timestamp': '1795248000',
      'x-zm-signature': 'v0=fb938484659efcfa7411e1503405868cb63c9815ef3eaf597996da9323b1290b',
    },
  },
  {
    source: 'twitch',
    documented: 'https://dev.twitch.tv/docs/eventsub/handling-webhook-events/#verifying-the-event-message',
    headers: {
      'twitch-eventsub-message-id': 'e76c6bd4',
      'twitch-eventsub-message-timestamp': '2026-11-21T08:00:00.123456789Z',
      'twitch-eventsub-message-signature':
        'sha256=bcf09b2f548af1e22ca2b83a93f54c83dec257e5f1d91a6a3fc579ddbd88bd6d',
    },
  },
  {
    source: 'quickbooks',
    documented: 'https://developer.intuit.com/app/developer/qbo/docs/develop/webhooks',
    headers: {
      'intuit-signature': 'nCvTTzqdW/hshhA0Np8QrJi8iKlBMAjbFX7inKFQG6A=',
    },
  },
  {
    source: 'xero',
    documented: 'https://developer.xero.com/documentation/guides/webhooks/configuring-your-server/',
    headers: {
      'x-xero-signature': 'nCvTTzqdW/hshhA0Np8QrJi8iKlBMAjbFX7inKFQG6A=',
    },
  },
  {
    source: 'monday',
    documented: 'https://developer.monday.com/apps/docs/integration-authorization',
    headers: {
      authorization:
        'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJhY2NvdW50SWQiOjE4MjU1MjgsInVzZXJJZCI6NDAxMjY4OSwiYXVkIjoiaHR0cHM6Ly9ob29rcy5leGFtcGxlLmNvbS93ZWJob29rcy9tb25kYXkiLCJleHAiOjE3OTUyNDgzMDAsImlhdCI6MTc5NTI0ODAwMH0.ie9D3YFCWccs9MffBxZGLRGwVCDa0zqGjMxN1Yp5IiE',
    },
  },
  {
    source: 'supabase',
    documented: 'https://supabase.com/docs/guides/auth/auth-hooks',
    secret: 'v1,whsec_dGhlIGJ5dGVzIG9mIHRoZSBrZXkgb2YgdGhlIGV4YW1wbGU=',
    headers: {
      'webhook-id': 'msg_1',
      'webhook-timestamp': '1795248000',
      'webhook-signature': 'v1,pai56sKBzx5FBuXkVtOt/7IiKn0QClu3DZtk/EcK0RM=',
    },
  },
  {
    source: 'adyen',
    documented:
      'https://docs.adyen.com/development-resources/webhooks/secure-webhooks/verify-hmac-signatures',
    secret: '44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056',
    headers: {
      hmacsignature: '0BYXCCTTE57NphkC9qjTG7EppEv2nCNWrGNfTtDQNjE=',
    },
  },
  {
    source: 'websub',
    documented: 'https://www.w3.org/TR/websub/#authenticated-content-distribution',
    headers: {
      'x-hub-signature': 'sha1=71c50045929537add0b525427d504668793abc82',
    },
  },
  {
    source: 'websub',
    documented: 'https://www.w3.org/TR/websub/#authenticated-content-distribution',
    headers: {
      'x-hub-signature': 'sha256=9c2bd34f3a9d5bf86c861034369f10ac98bc88a9413008db157ee29ca1501ba0',
    },
  },
  {
    source: 'websub',
    documented: 'https://www.w3.org/TR/websub/#authenticated-content-distribution',
    headers: {
      'x-hub-signature':
        'sha384=c0bcd355d9128f34d3aa87497a60b6b5a14eafd5fa62cd7dd97fd0d899d995f4c8d047f237eac5554110606b5c9dadb6',
    },
  },
  {
    source: 'websub',
    documented: 'https://www.w3.org/TR/websub/#authenticated-content-distribution',
    headers: {
      'x-hub-signature':
        'sha512=5e4c4d0e5612e9eae68c243fb556a667ce3db03825a604caef49b4709e75f0e4e2560577369299f01a6ba824290a5eef3a2befd1945b7e0e5487ecc034fe3d1e',
    },
  },
]

test.each(vectors)('$source: $documented', ({ source, headers, secret = SECRET }) => {
  const url = `https://hooks.example.com/webhooks/${source}`
  const all = { 'content-type': 'application/json', ...headers }
  const request = { method: 'POST', url, headers: all, body: Buffer.from(BODY) }
  const schemes = providers[source]?.schemes ?? []
  const now = new Date(AT * 1000)
  expect(verifyWebhook({ ...request, schemes, secrets: [secret], now })).toEqual({ ok: true })
  const other = secret.replace(/.$/, (last) => (last === 'e' ? 'f' : 'e'))
  expect(verifyWebhook({ ...request, schemes, secrets: [other], now }).ok).toBe(false)
  if (source === 'monday') return // its token covers no body
  const tampered = Buffer.from(`${BODY} `)
  expect(verifyWebhook({ ...request, body: tampered, schemes, secrets: [secret], now }).ok).toBe(false)
})
