import { Buffer } from 'node:buffer'
import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { Refusal } from '#shared/core/refusal.ts'
import { checkEvent, isTooLarge } from '#shared/pipeline/accept/check-event.ts'
import { createCatalog } from '#shared/pipeline/catalog.ts'
import { encodeKafkaStructured } from '#shared/pipeline/cloudevents/kafka.ts'
import { hex, hmac } from '#shared/testing/webhooks/web-crypto.ts'
import { receiveWebhook } from './receive-webhook.ts'
import { webhookSources } from './sources.ts'

type Example = { readonly name: string; readonly examples: readonly Record<string, unknown>[] }
// The package is JSON in CommonJS: https://github.com/octokit/webhooks
const examples = createRequire(import.meta.url)('@octokit/webhooks-examples') as readonly Example[]
const deliveries = examples.flatMap(({ name, examples: payloads }) =>
  payloads.map((payload, index) => ({ name, payload, id: `${name}-${index}` })),
)

const source = webhookSources({ WEBHOOK_SECRET_GITHUB: 'octo-secret' }).get('github')
const deps = {
  catalog: createCatalog([]),
  now: () => new Date('2026-11-21T08:00:00Z'),
  newId: () => 'made',
}

test('there are as many example deliveries as the package has', () => {
  expect(deliveries.length).toBeGreaterThan(300)
})

test.each(deliveries)(
  '$id is verified, becomes a valid event, and is refused with a byte changed',
  async (delivery) => {
    if (source === undefined) throw new Error('GitHub has a secret')
    const { name, payload, id } = delivery
    // Indented, so that a verifier that parses and serialises the JSON again would fail.
    const text = JSON.stringify(payload, null, 2)
    const body = Buffer.from(text)
    const headers = {
      'content-type': 'application/json',
      'x-github-event': name,
      'x-github-delivery': id,
      'x-hub-signature-256': `sha256=${hex(await hmac('SHA-256', 'octo-secret', text))}`,
    }
    const request = { method: 'POST', url: 'https://example.com/webhooks/github', headers, body }
    const received = receiveWebhook(source, request, deps)
    if (!('event' in received)) throw new Error('it is a delivery')
    const { event } = received
    expect(event).toMatchObject({ id, type: `github.${name}`, category: `github.${name}`, data: payload })
    expect(checkEvent(event)).toEqual([])
    expect(isTooLarge(encodeKafkaStructured(event).value)).toBe(false)
    const tampered = Buffer.from(body)
    const at = (id.length * 7919) % body.length
    tampered[at] = (tampered[at] ?? 0) ^ 1
    expect(() => receiveWebhook(source, { ...request, body: tampered }, deps)).toThrow(Refusal)
  },
)
