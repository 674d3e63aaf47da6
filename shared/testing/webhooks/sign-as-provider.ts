import { collaborationSigners } from './collaboration-samples.ts'
import { financeSigners } from './finance-samples.ts'
import { platformSigners } from './platform-samples.ts'
import { publishedKeySigners } from './published-key-samples.ts'
import { serviceSigners } from './service-samples.ts'
import { bodySigner, millis, type Signer, seconds } from './signer.ts'
import { socialSigners } from './social-samples.ts'
import { base64, ed25519, hex, hmac } from './web-crypto.ts'

const standard =
  (prefix: string, version: 'v1' | 'v1a'): Signer =>
  async ({ secret, body, at }) => {
    const id = 'msg_2b7f'
    const content = `${id}.${seconds(at)}.${body}`
    const signature =
      version === 'v1' ? await hmac('SHA-256', secret, content) : await ed25519(secret, content)
    return {
      headers: {
        [`${prefix}-id`]: id,
        [`${prefix}-timestamp`]: seconds(at),
        [`${prefix}-signature`]: `${version},${base64(signature)}`,
      },
    }
  }

/** The signature of each provider, from its documentation; the schemes link to the pages. */
export const signers: Readonly<Record<string, Signer>> = {
  ...collaborationSigners,
  ...financeSigners,
  ...platformSigners,
  ...socialSigners,
  ...publishedKeySigners,
  ...serviceSigners,
  github: bodySigner('x-hub-signature-256', 'sha256=', hex),
  gitlab: async ({ secret }) => ({ headers: { 'x-gitlab-token': secret } }),
  'gitlab (signing token)': standard('webhook', 'v1'),
  bitbucket: bodySigner('x-hub-signature', 'sha256=', hex),
  shopify: bodySigner('x-shopify-hmac-sha256', '', base64),
  pagerduty: bodySigner('x-pagerduty-signature', 'v1=', hex),
  sentry: bodySigner('sentry-hook-signature', '', hex),
  linear: bodySigner('linear-signature', '', hex),
  intercom: bodySigner('x-hub-signature', 'sha1=', hex, 'SHA-1'),
  typeform: bodySigner('typeform-signature', 'sha256=', base64),
  'standard-webhooks': standard('webhook', 'v1'),
  'standard-webhooks (v1a)': standard('webhook', 'v1a'),
  svix: standard('svix', 'v1'),
  supabase: standard('webhook', 'v1'),
  stripe: async ({ secret, body, at }) => {
    const v1 = hex(await hmac('SHA-256', secret, `${seconds(at)}.${body}`))
    return { headers: { 'stripe-signature': `t=${seconds(at)},v1=${v1}` } }
  },
  paddle: async ({ secret, body, at }) => {
    const h1 = hex(await hmac('SHA-256', secret, `${seconds(at)}:${body}`))
    return { headers: { 'paddle-signature': `ts=${seconds(at)};h1=${h1}` } }
  },
  slack: async ({ secret, body, at }) => {
    const v0 = hex(await hmac('SHA-256', secret, `v0:${seconds(at)}:${body}`))
    return { headers: { 'x-slack-request-timestamp': seconds(at), 'x-slack-signature': `v0=${v0}` } }
  },
  discord: async ({ secret, body, at }) => ({
    headers: {
      'x-signature-timestamp': seconds(at),
      'x-signature-ed25519': hex(await ed25519(secret, seconds(at) + body)),
    },
  }),
  zendesk: async ({ secret, body, at }) => ({
    headers: {
      'x-zendesk-webhook-signature-timestamp': at.toISOString(),
      'x-zendesk-webhook-signature': base64(await hmac('SHA-256', secret, at.toISOString() + body)),
    },
  }),
  hubspot: async ({ secret, body, at, url }) => ({
    headers: {
      'x-hubspot-request-timestamp': millis(at),
      'x-hubspot-signature-v3': base64(await hmac('SHA-256', secret, `POST${url}${body}${millis(at)}`)),
    },
  }),
  square: async ({ secret, body, url }) => ({
    headers: { 'x-square-hmacsha256-signature': base64(await hmac('SHA-256', secret, url + body)) },
  }),
  twilio: async ({ secret, body, url }) => {
    const sorted = [...new URLSearchParams(body)].sort(([a], [b]) => (a < b ? -1 : 1))
    const content = url + sorted.map(([name, value]) => name + value).join('')
    return { headers: { 'x-twilio-signature': base64(await hmac('SHA-1', secret, content)) } }
  },
  mailgun: async ({ secret, body, at }) => {
    const token = 'f3b1c0de9a5e4d6b8c7a'
    const signature = hex(await hmac('SHA-256', secret, seconds(at) + token))
    return {
      body: JSON.stringify({ signature: { timestamp: seconds(at), token, signature }, ...JSON.parse(body) }),
    }
  },
}
