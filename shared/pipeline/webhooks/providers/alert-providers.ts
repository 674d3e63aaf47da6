import type { Provider } from '#shared/pipeline/webhooks/provider.ts'
import type { Scheme } from '#shared/pipeline/webhooks/scheme.ts'

/** What a sender that signs nothing can be told to send: a bearer token, or a user with a password. */
const authorization: readonly Scheme[] = [
  { algorithm: 'token', header: 'authorization', prefix: 'Bearer ' },
  { algorithm: 'basic' },
]

/** Labels that people give their alerts. */
const alertSeverity: Provider['mapping']['severity'] = {
  from: [{ field: '/commonLabels/severity' }],
  values: {
    critical: 'critical',
    page: 'critical',
    high: 'high',
    error: 'high',
    warning: 'medium',
    medium: 'medium',
    low: 'low',
    info: 'info',
    none: 'info',
  },
}

/** Providers of alerts and of metrics. */
export const alertProviders: Readonly<Record<string, Provider>> = {
  // https://prometheus.io/docs/alerting/latest/configuration/#webhook_config : it repeats an alert that goes on with the same
  // body, which is one event.
  alertmanager: {
    schemes: authorization,
    mapping: {
      name: [{ field: '/status' }],
      subject: [{ field: '/groupKey' }],
      severity: alertSeverity,
    },
  },
  // https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/ :
  // its header with the time has no name of its own. Without one, what was signed with a time must not pass as a body.
  grafana: {
    schemes: [
      {
        algorithm: 'hmac-sha256',
        signature: { header: 'x-grafana-alerting-signature' },
        encoding: 'hex',
        content: '{timestamp}:{body}',
        timestamp: { header: 'x-grafana-alerting-timestamp', unit: 's' },
      },
      {
        algorithm: 'hmac-sha256',
        signature: { header: 'x-grafana-alerting-signature' },
        encoding: 'hex',
        content: '{body}',
        when: { '/version': '1' },
      },
      ...authorization,
    ],
    mapping: {
      name: [{ field: '/status' }],
      subject: [{ field: '/groupKey' }],
      severity: alertSeverity,
    },
  },
  // https://docs.datadoghq.com/integrations/webhooks/ : the payload is a template, here the one that it begins with.
  datadog: {
    schemes: authorization,
    mapping: {
      name: [{ field: '/event_type' }],
      id: [{ field: '/id' }],
      subject: [{ field: '/title' }],
      time: [{ field: '/date' }, { field: '/last_updated' }],
    },
  },
  // https://postmarkapp.com/developer/webhooks/webhooks-overview : it stops at 403, and takes 200 alone as received.
  postmark: {
    schemes: authorization,
    mapping: {
      name: [{ field: '/RecordType' }, { value: 'Inbound', if: '/MailboxHash' }],
      subject: [{ field: '/MessageID' }],
      time: [
        { field: '/DeliveredAt' },
        { field: '/BouncedAt' },
        { field: '/ReceivedAt' },
        { field: '/ChangedAt' },
      ],
    },
    answer: { status: 200, final: 403 },
  },
}
