import type { Provider } from '#shared/pipeline/webhooks/provider.ts'
import { bodyHmac } from './body-hmac.ts'

/** Providers of incidents, errors, issues, tickets, customer records and forms. */
export const operationsProviders: Readonly<Record<string, Provider>> = {
  // https://developer.pagerduty.com/docs/verifying-signatures
  pagerduty: {
    schemes: [
      {
        algorithm: 'hmac-sha256',
        signature: { header: 'x-pagerduty-signature', pairs: { separator: ',', key: 'v1' } },
        encoding: 'hex',
        content: '{body}',
      },
    ],
    mapping: {
      name: [{ field: '/event/event_type' }],
      id: [{ field: '/event/id' }],
      subject: [{ field: '/event/data/id' }],
      time: [{ field: '/event/occurred_at' }],
      severity: {
        from: [{ field: '/event/data/priority/summary' }, { field: '/event/data/urgency' }],
        values: { P1: 'critical', P2: 'high', P3: 'medium', P4: 'low', P5: 'info', high: 'high', low: 'low' },
      },
    },
  },
  // https://docs.sentry.io/organization/integrations/integration-platform/webhooks/
  sentry: {
    schemes: [bodyHmac('sentry-hook-signature', 'hex')],
    mapping: {
      name: [{ header: 'sentry-hook-resource' }],
      id: [{ header: 'request-id' }],
      subject: [
        { field: '/data/issue/id' },
        { field: '/data/event/issue_id' },
        { field: '/data/error/issue_id' },
        { field: '/data/metric_alert/id' },
        { field: '/installation/uuid' },
      ],
      time: [{ field: '/data/event/datetime' }, { field: '/data/error/datetime' }],
      severity: {
        from: [
          { field: '/data/issue/level' },
          { field: '/data/event/level' },
          { field: '/data/error/level' },
          { field: '/action' },
        ],
        values: {
          fatal: 'critical',
          error: 'high',
          warning: 'medium',
          info: 'info',
          debug: 'info',
          critical: 'critical',
        },
      },
    },
  },
  // https://linear.app/developers/webhooks : a minute is what Linear advises.
  linear: {
    schemes: [
      {
        algorithm: 'hmac-sha256',
        signature: { header: 'linear-signature' },
        encoding: 'hex',
        content: '{body}',
        timestamp: { field: '/webhookTimestamp', unit: 'ms', tolerance: 60, optional: true },
      },
    ],
    mapping: {
      name: [{ field: '/type' }, { header: 'linear-event' }],
      id: [{ header: 'linear-delivery' }],
      subject: [{ field: '/data/identifier' }, { field: '/data/id' }],
      time: [{ field: '/createdAt' }],
      severity: {
        from: [{ field: '/data/priorityLabel' }],
        values: { Urgent: 'critical', High: 'high', Medium: 'medium', Low: 'low' },
      },
    },
    answer: { status: 200 },
  },
  // https://developer.zendesk.com/documentation/webhooks/verifying/
  zendesk: {
    schemes: [
      {
        algorithm: 'hmac-sha256',
        signature: { header: 'x-zendesk-webhook-signature' },
        encoding: 'base64',
        content: '{timestamp}{body}',
        timestamp: { header: 'x-zendesk-webhook-signature-timestamp', unit: 'iso' },
      },
    ],
    mapping: {
      name: [{ field: '/type' }],
      strip: 'zen:event-type:',
      id: [{ header: 'x-zendesk-webhook-invocation-id' }],
      subject: [{ field: '/subject' }],
      time: [{ field: '/time' }],
    },
  },
  // https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation :
  // a delivery is a list of changes; its eventId is not unique, and attemptNumber grows from one attempt to the next.
  hubspot: {
    schemes: [
      {
        algorithm: 'hmac-sha256',
        signature: { header: 'x-hubspot-signature-v3' },
        encoding: 'base64',
        content: '{method}{url-decoded}{body}{timestamp}',
        timestamp: { header: 'x-hubspot-request-timestamp', unit: 'ms' },
      },
    ],
    mapping: {
      name: [{ field: '/0/subscriptionType' }, { field: '/subscriptionType' }],
      volatile: ['attemptNumber'],
      subject: [{ field: '/0/objectId' }, { field: '/objectId' }],
      time: [{ field: '/0/occurredAt' }, { field: '/occurredAt' }],
    },
  },
  // https://www.typeform.com/developers/webhooks/secure-your-webhooks/
  typeform: {
    schemes: [bodyHmac('typeform-signature', 'base64', 'sha256=')],
    mapping: {
      name: [{ field: '/event_type' }],
      id: [{ field: '/event_id' }],
      subject: [{ field: '/form_response/form_id' }],
      time: [{ field: '/form_response/submitted_at' }],
    },
  },
}
