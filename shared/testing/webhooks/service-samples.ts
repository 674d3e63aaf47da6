import { json, type Sample, TIME } from './sample.ts'
import { bodySigner, type Signer, seconds } from './signer.ts'
import { base64, hex, hmac } from './web-crypto.ts'

const alerts = json({
  version: '1',
  groupKey: '{}:{alertname="Instance down"}',
  status: 'firing',
  receiver: 'tidewire',
  commonLabels: { alertname: 'Instance down', severity: 'warning' },
  alerts: [{ status: 'firing', startsAt: TIME }],
})
const MULTIPART = 'xYzZY'
const part = (name: string, value: string) =>
  `--${MULTIPART}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`

/** Deliveries of builds, alerts, documents, shops and mail. */
export const serviceSamples: readonly Sample[] = [
  {
    name: 'vercel',
    source: 'vercel',
    payload: json({
      id: 'uev_1',
      type: 'deployment.created',
      createdAt: 1795248000000,
      payload: { deployment: { id: 'dpl_1' }, project: { id: 'prj_1' } },
    }),
    expected: {
      type: 'vercel.deployment.created',
      id: 'uev_1',
      subject: 'dpl_1',
      time: '2026-11-21T08:00:00.000Z',
    },
  },
  {
    name: 'circleci',
    source: 'circleci',
    payload: json({
      id: '3888f21b-eaa7-38e3-8f3d-75a63bba8895',
      type: 'workflow-completed',
      happened_at: TIME,
      workflow: { id: 'fda08377-fe7e-46b1-8992-3a7aaecac9c3' },
    }),
    expected: {
      type: 'circleci.workflow-completed',
      id: '3888f21b-eaa7-38e3-8f3d-75a63bba8895',
      subject: 'fda08377-fe7e-46b1-8992-3a7aaecac9c3',
      time: TIME,
    },
  },
  ...['buildkite', 'buildkite (token)'].map((name) => ({
    name,
    source: 'buildkite',
    payload: json({ event: 'build.finished', build: { id: 'f62a1b4d-10f9' } }),
    headers: { 'x-buildkite-event': 'build.finished', 'x-buildkite-request': 'rq-1' },
    expected: { type: 'buildkite.build.finished', id: 'rq-1', subject: 'f62a1b4d-10f9' },
  })),
  ...['alertmanager', 'alertmanager (basic)'].map((name) => ({
    name,
    source: 'alertmanager',
    payload: alerts,
    expected: {
      type: 'alertmanager.firing',
      subject: '{}:{alertname="Instance down"}',
      severity: 'medium',
    },
  })),
  ...['grafana', 'grafana (without a time)'].map((name) => ({
    name,
    source: 'grafana',
    payload: alerts,
    expected: { type: 'grafana.firing', subject: '{}:{alertname="Instance down"}', severity: 'medium' },
  })),
  {
    name: 'datadog',
    source: 'datadog',
    payload: json({
      id: '7401',
      event_type: 'metric_alert_monitor',
      title: 'CPU is high',
      date: '1795248000000',
      last_updated: '1795248001000',
    }),
    expected: {
      type: 'datadog.metric_alert_monitor',
      id: '7401',
      subject: 'CPU is high',
      time: '2026-11-21T08:00:00.000Z',
    },
  },
  {
    name: 'postmark',
    source: 'postmark',
    payload: json({ RecordType: 'Bounce', ID: 42, MessageID: '883953f4', BouncedAt: TIME }),
    expected: { type: 'postmark.Bounce', subject: '883953f4', time: TIME },
  },
  {
    name: 'notion',
    source: 'notion',
    payload: json({
      id: '367cba44-b6f3-4c92-81e7-6a2e9659efd4',
      timestamp: TIME,
      type: 'page.created',
      entity: { id: '153104cd-477e-809d', type: 'page' },
    }),
    expected: {
      type: 'notion.page.created',
      id: '367cba44-b6f3-4c92-81e7-6a2e9659efd4',
      subject: '153104cd-477e-809d',
      time: TIME,
    },
  },
  {
    name: 'airtable',
    source: 'airtable',
    payload: json({
      base: { id: 'app00000000000000' },
      webhook: { id: 'ach00000000000000' },
      timestamp: TIME,
    }),
    expected: { type: 'airtable.changed', subject: 'app00000000000000', time: TIME },
  },
  ...['docusign', 'docusign (second key)'].map((name) => ({
    name,
    source: 'docusign',
    payload: json({
      event: 'envelope-completed',
      retryCount: 0,
      generatedDateTime: TIME,
      data: { envelopeId: '2a9f5b3c' },
    }),
    expected: { type: 'docusign.envelope-completed', subject: '2a9f5b3c', time: TIME },
  })),
  {
    name: 'jira',
    source: 'jira',
    payload: json({
      timestamp: 1795248000000,
      webhookEvent: 'jira:issue_updated',
      issue: { key: 'JRA-20002', fields: { priority: { name: 'Highest' } } },
    }),
    headers: { 'x-atlassian-webhook-identifier': 'wh-1' },
    expected: {
      type: 'jira.issue_updated',
      id: 'wh-1',
      subject: 'JRA-20002',
      time: '2026-11-21T08:00:00.000Z',
      severity: 'critical',
    },
  },
  {
    name: 'woocommerce',
    source: 'woocommerce',
    payload: json({ id: 727, status: 'processing' }),
    headers: { 'x-wc-webhook-topic': 'order.created', 'x-wc-webhook-delivery-id': '95b1' },
    expected: { type: 'woocommerce.order.created', id: '95b1', subject: '727' },
  },
  {
    name: 'mailgun (route)',
    source: 'mailgun',
    payload: () =>
      part('recipient', 'a@example.com') +
      part('sender', 'b@example.com') +
      part('subject', 'Grüße') +
      part('Message-Id', '<m1@example.com>') +
      `--${MULTIPART}\r\nContent-Disposition: form-data; name="attachment-1"; filename="crane.txt"\r\n` +
      `Content-Type: text/plain\r\n\r\n\x00\x01 bytes\r\n`,
    contentType: `multipart/form-data; boundary=${MULTIPART}`,
    expected: { type: 'mailgun.received', id: '<m1@example.com>', subject: 'a@example.com' },
  },
]

const bearer: Signer = async ({ secret }) => ({ headers: { authorization: `Bearer ${secret}` } })

export const serviceSigners: Readonly<Record<string, Signer>> = {
  vercel: bodySigner('x-vercel-signature', '', hex, 'SHA-1'),
  circleci: bodySigner('circleci-signature', 'v1=', hex),
  buildkite: async ({ secret, body, at }) => {
    const signature = hex(await hmac('SHA-256', secret, `${seconds(at)}.${body}`))
    return { headers: { 'x-buildkite-signature': `timestamp=${seconds(at)},signature=${signature}` } }
  },
  'buildkite (token)': async ({ secret }) => ({ headers: { 'x-buildkite-token': secret } }),
  alertmanager: bearer,
  'alertmanager (basic)': async ({ secret }) => ({ headers: { authorization: `Basic ${btoa(secret)}` } }),
  grafana: async ({ secret, body, at }) => ({
    headers: {
      'x-grafana-alerting-timestamp': seconds(at),
      'x-grafana-alerting-signature': hex(await hmac('SHA-256', secret, `${seconds(at)}:${body}`)),
    },
  }),
  'grafana (without a time)': bodySigner('x-grafana-alerting-signature', '', hex),
  datadog: bearer,
  postmark: bearer,
  notion: bodySigner('x-notion-signature', 'sha256=', hex),
  airtable: bodySigner('x-airtable-content-mac', 'hmac-sha256=', hex),
  docusign: bodySigner('x-docusign-signature-1', '', base64),
  'docusign (second key)': async ({ secret, body }) => ({
    headers: {
      'x-docusign-signature-1': base64(await hmac('SHA-256', 'the other key', body)),
      'x-docusign-signature-2': base64(await hmac('SHA-256', secret, body)),
    },
  }),
  jira: bodySigner('x-hub-signature', 'sha256=', hex),
  woocommerce: bodySigner('x-wc-webhook-signature', '', base64),
  'mailgun (route)': async ({ secret, body, at }) => {
    const token = 'f3b1c0de9a5e4d6b8c7a'
    const signature = hex(await hmac('SHA-256', secret, seconds(at) + token))
    const fields = part('timestamp', seconds(at)) + part('token', token) + part('signature', signature)
    return { body: `${body}${fields}--${MULTIPART}--\r\n` }
  },
}
