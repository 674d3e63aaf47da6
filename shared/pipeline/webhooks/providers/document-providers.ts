import type { Provider } from '#shared/pipeline/webhooks/provider.ts'
import type { SignedScheme } from '#shared/pipeline/webhooks/scheme.ts'
import { bodyHmac } from './body-hmac.ts'

const docusign = (key: number): SignedScheme => ({
  algorithm: 'hmac-sha256',
  signature: { header: `x-docusign-signature-${key}` },
  encoding: 'base64',
  content: '{body}',
})

/** Providers of documents, tables and shops that are run by oneself. */
export const documentProviders: Readonly<Record<string, Provider>> = {
  // https://developers.notion.com/reference/webhooks#step-3-validating-event-payloads-recommended
  notion: {
    schemes: [bodyHmac('x-notion-signature', 'hex', 'sha256=')],
    mapping: {
      name: [{ field: '/type' }],
      id: [{ field: '/id' }],
      subject: [{ field: '/entity/id' }],
      time: [{ field: '/timestamp' }],
    },
    // The key of later deliveries, which the operator enters at Notion and here.
    challenges: [
      {
        unsigned: true,
        when: { '/verification_token': true },
        unless: 'x-notion-signature',
        logged: '/verification_token',
        status: 200,
      },
    ],
    answer: { status: 200 },
  },
  // https://airtable.com/developers/web/api/webhooks-overview : a delivery says that something changed, and not what.
  airtable: {
    schemes: [
      {
        algorithm: 'hmac-sha256',
        signature: { header: 'x-airtable-content-mac', prefix: 'hmac-sha256=' },
        encoding: 'hex',
        content: '{body}',
        key: 'base64',
      },
    ],
    mapping: {
      name: [{ value: 'changed' }],
      subject: [{ field: '/base/id' }],
      time: [{ field: '/timestamp' }],
    },
    answer: { status: 204 },
  },
  // https://developers.docusign.com/platform/webhooks/connect/hmac/ : a header for each key of the account.
  docusign: {
    schemes: [docusign(1), docusign(2), docusign(3), docusign(4), docusign(5)],
    mapping: {
      name: [{ field: '/event' }],
      volatile: ['retryCount'],
      subject: [{ field: '/data/envelopeId' }],
      time: [{ field: '/generatedDateTime' }],
    },
    answer: { status: 200 },
  },
  // https://developer.atlassian.com/cloud/jira/platform/webhooks/#secure-admin-webhooks
  jira: {
    schemes: [bodyHmac('x-hub-signature', 'hex', 'sha256=')],
    mapping: {
      name: [{ field: '/webhookEvent' }],
      strip: 'jira:',
      id: [{ header: 'x-atlassian-webhook-identifier' }],
      subject: [{ field: '/issue/key' }, { field: '/project/key' }],
      time: [{ field: '/timestamp' }],
      severity: {
        from: [{ field: '/issue/fields/priority/name' }],
        values: { Highest: 'critical', High: 'high', Medium: 'medium', Low: 'low', Lowest: 'info' },
      },
    },
  },
  // https://woocommerce.com/document/webhooks/ : to save a webhook it posts its number, which it does not sign.
  woocommerce: {
    schemes: [bodyHmac('x-wc-webhook-signature', 'base64')],
    mapping: {
      name: [{ header: 'x-wc-webhook-topic' }],
      id: [{ header: 'x-wc-webhook-delivery-id' }],
      subject: [{ field: '/id' }],
    },
    challenges: [
      { unsigned: true, when: { '/webhook_id': true }, unless: 'x-wc-webhook-signature', status: 200 },
    ],
    answer: { status: 200 },
  },
}
