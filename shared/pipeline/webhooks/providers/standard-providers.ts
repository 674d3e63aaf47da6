import type { Provider } from '#shared/pipeline/webhooks/provider.ts'
import type { SignedScheme } from '#shared/pipeline/webhooks/scheme.ts'

/**
 * Standard Webhooks 1.0 under a header prefix: `v1` (HMAC) and `v1a` (Ed25519) in one space-separated list.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function standardSchemes(prefix: string): [hmac: SignedScheme, ed25519: SignedScheme] {
  const common = {
    encoding: 'base64',
    content: `{header:${prefix}-id}.{timestamp}.{body}`,
    timestamp: { header: `${prefix}-timestamp`, unit: 's' },
    key: 'standard',
  } as const
  const place = { header: `${prefix}-signature`, items: { separator: ' ' } }
  return [
    { ...common, algorithm: 'hmac-sha256', signature: { ...place, prefix: 'v1,' } },
    { ...common, algorithm: 'ed25519', signature: { ...place, prefix: 'v1a,' } },
  ]
}

const mapping: Provider['mapping'] = {
  name: [{ field: '/type' }, { field: '/event_type' }, { field: '/eventType' }],
  id: [{ header: 'webhook-id' }, { header: 'svix-id' }],
  subject: [{ field: '/data/id' }],
  time: [{ field: '/timestamp' }],
}

/** Senders that follow Standard Webhooks. Svix, where it began, sends headers of its own name or of the standard's. */
export const standardProviders: Readonly<Record<string, Provider>> = {
  'standard-webhooks': { schemes: standardSchemes('webhook'), mapping },
  // https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/http-webhook.md#3-authorization
  cloudevents: {
    schemes: [{ algorithm: 'token', header: 'authorization', prefix: 'Bearer ' }],
    mapping: { cloudevents: true },
  },
  // https://www.w3.org/TR/websub/ : a hub signs with the algorithm that it likes. A topic is subscribed to if it is expected,
  // and no longer if it is not, so that nobody else can end a subscription. What is distributed can be of any kind.
  websub: {
    schemes: (['sha512', 'sha384', 'sha256', 'sha1'] as const).map((hash) => ({
      algorithm: `hmac-${hash}`,
      signature: { header: 'x-hub-signature', prefix: `${hash}=` },
      encoding: 'hex',
      content: '{body}',
    })),
    mapping: { name: [{ value: 'content' }] },
    challenges: [
      {
        method: 'GET',
        unsigned: true,
        when: { '?hub.mode': 'subscribe' },
        expected: '?hub.topic',
        refused: 404,
        text: '?hub.challenge',
      },
      {
        method: 'GET',
        unsigned: true,
        when: { '?hub.mode': 'unsubscribe', '?hub.topic': true },
        unexpected: '?hub.topic',
        refused: 404,
        text: '?hub.challenge',
      },
      { method: 'GET', unsigned: true, when: { '?hub.mode': 'denied' }, status: 200 },
    ],
  },
  // https://docs.svix.com/receiving/verifying-payloads/how-manual
  svix: {
    schemes: [...standardSchemes('svix'), ...standardSchemes('webhook')],
    mapping: { ...mapping, id: [{ header: 'svix-id' }, { header: 'webhook-id' }] },
  },
}
