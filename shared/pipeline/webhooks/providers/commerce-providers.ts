import type { Provider } from '#shared/pipeline/webhooks/provider.ts'
import { bodyHmac } from './body-hmac.ts'

/** Providers of payments and shops. */
export const commerceProviders: Readonly<Record<string, Provider>> = {
  // https://docs.stripe.com/webhooks?verify=verify-manually
  stripe: {
    schemes: [
      {
        algorithm: 'hmac-sha256',
        signature: { header: 'stripe-signature', pairs: { separator: ',', key: 'v1' } },
        encoding: 'hex',
        content: '{timestamp}.{body}',
        timestamp: { pair: 't', unit: 's' },
      },
    ],
    mapping: {
      name: [{ field: '/type' }],
      id: [{ field: '/id' }],
      subject: [{ field: '/data/object/id' }],
      time: [{ field: '/created' }],
    },
  },
  // https://shopify.dev/docs/apps/build/webhooks/subscribe/https
  shopify: {
    schemes: [bodyHmac('x-shopify-hmac-sha256', 'base64')],
    mapping: {
      name: [{ header: 'x-shopify-topic' }],
      id: [{ header: 'x-shopify-webhook-id' }, { header: 'x-shopify-event-id' }],
      subject: [{ field: '/admin_graphql_api_id' }, { field: '/id' }],
    },
    answer: { status: 200 },
  },
  // https://developer.squareup.com/docs/webhooks/step3validate
  square: {
    schemes: [
      {
        algorithm: 'hmac-sha256',
        signature: { header: 'x-square-hmacsha256-signature' },
        encoding: 'base64',
        content: '{url}{body}',
      },
    ],
    mapping: {
      name: [{ field: '/type' }],
      id: [{ field: '/event_id' }],
      subject: [{ field: '/data/id' }],
      time: [{ field: '/created_at' }],
    },
  },
  // https://developer.paddle.com/webhooks/signature-verification
  paddle: {
    schemes: [
      {
        algorithm: 'hmac-sha256',
        signature: { header: 'paddle-signature', pairs: { separator: ';', key: 'h1' } },
        encoding: 'hex',
        content: '{timestamp}:{body}',
        timestamp: { pair: 'ts', unit: 's' },
      },
    ],
    mapping: {
      name: [{ field: '/event_type' }],
      id: [{ field: '/event_id' }, { field: '/notification_id' }],
      subject: [{ field: '/data/id' }],
      time: [{ field: '/occurred_at' }],
    },
    answer: { status: 200 },
  },
}
