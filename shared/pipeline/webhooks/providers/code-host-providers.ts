import type { Provider } from '#shared/pipeline/webhooks/provider.ts'
import { bodyHmac } from './body-hmac.ts'
import { standardSchemes } from './standard-providers.ts'

/** Providers that host code. */
export const codeHostProviders: Readonly<Record<string, Provider>> = {
  // https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
  github: {
    schemes: [bodyHmac('x-hub-signature-256', 'hex', 'sha256=')],
    mapping: {
      name: [{ header: 'x-github-event' }],
      id: [{ header: 'x-github-delivery' }],
      subject: [
        { field: '/repository/full_name' },
        { field: '/organization/login' },
        { field: '/installation/account/login' },
        { field: '/sender/login' },
      ],
    },
  },
  // https://docs.gitlab.com/user/project/integrations/webhooks/ : the secret token, or the signing token, which
  // follows Standard Webhooks. Its event UUID is shared by the webhooks that a webhook sets off, so it comes last.
  gitlab: {
    schemes: [standardSchemes('webhook')[0], { algorithm: 'token', header: 'x-gitlab-token' }],
    mapping: {
      name: [{ field: '/object_kind' }, { field: '/event_name' }, { header: 'x-gitlab-event' }],
      id: [{ header: 'webhook-id' }, { header: 'idempotency-key' }, { header: 'x-gitlab-event-uuid' }],
      subject: [{ field: '/project/path_with_namespace' }, { field: '/path_with_namespace' }],
    },
  },
  // https://support.atlassian.com/bitbucket-cloud/docs/manage-webhooks/
  bitbucket: {
    schemes: [bodyHmac('x-hub-signature', 'hex', 'sha256=')],
    mapping: {
      name: [{ header: 'x-event-key' }],
      id: [{ header: 'x-request-uuid' }, { header: 'x-request-id' }],
      subject: [{ field: '/repository/full_name' }, { field: '/repository/slug' }],
    },
  },
}
