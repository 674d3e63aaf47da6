import { readMultipart } from '#shared/pipeline/webhooks/multipart.ts'
import type { WebhookRequest } from '#shared/pipeline/webhooks/webhook-request.ts'
import { collaborationSamples } from './collaboration-samples.ts'
import { financeSamples } from './finance-samples.ts'
import { operationsSamples } from './operations-samples.ts'
import { platformSamples } from './platform-samples.ts'
import { publishedKeySamples } from './published-key-samples.ts'
import { json, type Sample, TIME } from './sample.ts'
import { serviceSamples } from './service-samples.ts'
import { signers } from './sign-as-provider.ts'
import { socialSamples } from './social-samples.ts'

/** One delivery for each provider and each of its signature schemes. */
export const samples: readonly Sample[] = [
  ...operationsSamples,
  ...collaborationSamples,
  ...financeSamples,
  ...platformSamples,
  ...socialSamples,
  ...publishedKeySamples,
  ...serviceSamples,
  {
    name: 'github',
    source: 'github',
    payload: json({ action: 'opened', repository: { full_name: 'acme/site' } }),
    headers: {
      'x-github-event': 'pull_request',
      'x-github-delivery': '72d3162e-cc78-11e3-81ab-4c9367dc0958',
    },
    expected: {
      type: 'github.pull_request',
      subject: 'acme/site',
      id: '72d3162e-cc78-11e3-81ab-4c9367dc0958',
    },
  },
  ...['gitlab', 'gitlab (signing token)'].map((name) => ({
    name,
    source: 'gitlab',
    payload: json({ object_kind: 'merge_request', project: { path_with_namespace: 'acme/site' } }),
    headers: { 'x-gitlab-event': 'Merge Request Hook', 'idempotency-key': 'k-1' },
    expected: {
      type: 'gitlab.merge_request',
      subject: 'acme/site',
      id: name === 'gitlab' ? 'k-1' : 'msg_2b7f',
    },
  })),
  {
    name: 'bitbucket',
    source: 'bitbucket',
    payload: json({ repository: { full_name: 'acme/site' } }),
    headers: { 'x-event-key': 'repo:push', 'x-request-uuid': '21bd6d7a' },
    expected: { type: 'bitbucket.repo-push', subject: 'acme/site', id: '21bd6d7a' },
  },
  {
    name: 'stripe',
    source: 'stripe',
    payload: json({
      id: 'evt_1',
      type: 'invoice.paid',
      created: 1795248000,
      data: { object: { id: 'in_1' } },
    }),
    expected: { type: 'stripe.invoice.paid', subject: 'in_1', id: 'evt_1', time: '2026-11-21T08:00:00.000Z' },
  },
  {
    name: 'shopify',
    source: 'shopify',
    payload: json({ id: 450789469, total_price: '10.00' }),
    headers: { 'x-shopify-topic': 'orders/create', 'x-shopify-webhook-id': 'b54557e4' },
    expected: { type: 'shopify.orders-create', subject: '450789469', id: 'b54557e4' },
  },
  {
    name: 'slack',
    source: 'slack',
    payload: json({
      type: 'event_callback',
      event_id: 'Ev1',
      event_time: 1795248000,
      event: { type: 'reaction_added', item: { channel: 'C1' } },
    }),
    expected: { type: 'slack.reaction_added', subject: 'C1', id: 'Ev1', time: '2026-11-21T08:00:00.000Z' },
  },
  {
    name: 'twilio',
    source: 'twilio',
    payload: () => 'To=%2B18005551212&MessageSid=SM1&MessageStatus=delivered&Body=caf%C3%A9+au+lait',
    contentType: 'application/x-www-form-urlencoded; charset=UTF-8',
    headers: { 'i-twilio-idempotency-token': 'it-1' },
    expected: { type: 'twilio.message', subject: 'SM1', id: 'it-1' },
  },
  ...['standard-webhooks', 'standard-webhooks (v1a)', 'svix'].map((name) => {
    const source = name === 'svix' ? 'svix' : 'standard-webhooks'
    return {
      name,
      source,
      payload: json({ type: 'contact.created', timestamp: TIME, data: { id: 'c1' } }),
      expected: { type: `${source}.contact.created`, subject: 'c1', id: 'msg_2b7f', time: TIME },
    }
  }),
  {
    name: 'discord',
    source: 'discord',
    payload: json({
      version: 1,
      application_id: '7',
      type: 1,
      event: { type: 'APPLICATION_AUTHORIZED', timestamp: TIME },
    }),
    expected: { type: 'discord.APPLICATION_AUTHORIZED', subject: '7', time: TIME },
  },
  {
    name: 'square',
    source: 'square',
    payload: json({ type: 'payment.updated', event_id: 'e-1', created_at: TIME, data: { id: 'p-1' } }),
    expected: { type: 'square.payment.updated', subject: 'p-1', id: 'e-1', time: TIME },
  },
  {
    name: 'intercom',
    source: 'intercom',
    payload: json({
      topic: 'conversation.user.created',
      id: 'notif_1',
      created_at: 1795248000,
      data: { item: { id: '9' } },
    }),
    expected: {
      type: 'intercom.conversation.user.created',
      subject: '9',
      id: 'notif_1',
      time: '2026-11-21T08:00:00.000Z',
    },
  },
  {
    name: 'mailgun',
    source: 'mailgun',
    payload: json({
      'event-data': {
        event: 'failed',
        id: 'G9',
        timestamp: 1795248000.5,
        recipient: 'a@example.com',
        'log-level': 'error',
      },
    }),
    expected: {
      type: 'mailgun.failed',
      subject: 'a@example.com',
      id: 'G9',
      time: '2026-11-21T08:00:00.500Z',
      severity: 'high',
    },
  },
  {
    name: 'paddle',
    source: 'paddle',
    payload: json({
      event_id: 'evt_2',
      event_type: 'transaction.completed',
      occurred_at: TIME,
      data: { id: 't1' },
    }),
    expected: { type: 'paddle.transaction.completed', subject: 't1', id: 'evt_2', time: TIME },
  },
]

/** Returns the sample as its provider sends it, signed. */
export async function signSample(sample: Sample, secret: string, at: Date): Promise<WebhookRequest> {
  const url = `https://hooks.example.com/webhooks/${sample.source}`
  const body = sample.payload(at)
  const signer = signers[sample.name]
  if (signer === undefined) throw new Error(`nobody signs as ${sample.name}`)
  const signed = await signer({ secret, body, url, at })
  const contentType = sample.contentType ?? 'application/json'
  const bytes = new TextEncoder().encode(signed.body ?? body)
  await readMultipart(contentType, bytes)
  const headers = { 'content-type': contentType, ...sample.headers, ...signed.headers }
  return { method: 'POST', url: signed.url ?? url, headers, body: bytes }
}
