import type { Provider } from '#shared/pipeline/webhooks/provider.ts'

/** Providers of builds and deployments. */
export const buildProviders: Readonly<Record<string, Provider>> = {
  // https://vercel.com/docs/webhooks/webhooks-api#securing-webhooks
  vercel: {
    schemes: [
      {
        algorithm: 'hmac-sha1',
        signature: { header: 'x-vercel-signature' },
        encoding: 'hex',
        content: '{body}',
      },
    ],
    mapping: {
      name: [{ field: '/type' }],
      id: [{ field: '/id' }],
      subject: [{ field: '/payload/deployment/id' }, { field: '/payload/project/id' }],
      time: [{ field: '/createdAt' }],
    },
  },
  // https://circleci.com/docs/outbound-webhooks/#validate-webhooks
  circleci: {
    schemes: [
      {
        algorithm: 'hmac-sha256',
        signature: { header: 'circleci-signature', pairs: { separator: ',', key: 'v1' } },
        encoding: 'hex',
        content: '{body}',
      },
    ],
    mapping: {
      name: [{ field: '/type' }],
      id: [{ field: '/id' }],
      subject: [{ field: '/job/id' }, { field: '/workflow/id' }],
      time: [{ field: '/happened_at' }],
    },
  },
  // https://buildkite.com/docs/apis/webhooks/pipelines#webhook-signature : a signature, or the token itself.
  buildkite: {
    schemes: [
      {
        algorithm: 'hmac-sha256',
        signature: { header: 'x-buildkite-signature', pairs: { separator: ',', key: 'signature' } },
        encoding: 'hex',
        content: '{timestamp}.{body}',
        timestamp: { pair: 'timestamp', unit: 's' },
      },
      { algorithm: 'token', header: 'x-buildkite-token' },
    ],
    mapping: {
      name: [{ field: '/event' }, { header: 'x-buildkite-event' }],
      id: [{ header: 'x-buildkite-request' }],
      subject: [{ field: '/job/id' }, { field: '/build/id' }, { field: '/agent/id' }],
    },
  },
}
