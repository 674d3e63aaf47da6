import { describe, expect, test } from 'vitest'
import { createCatalog } from '#shared/pipeline/catalog.ts'
import { samples, signSample } from '#shared/testing/webhooks/provider-samples.ts'
import { publishedKeys } from '#shared/testing/webhooks/published-key-samples.ts'
import type { Sample } from '#shared/testing/webhooks/sample.ts'
import { receiveWebhook } from './receive-webhook.ts'
import { webhookSources } from './sources.ts'
import { verifyWebhook } from './verify.ts'

const NOW = new Date('2026-11-21T08:00:30Z')
const catalog = createCatalog([])
const sources = webhookSources({ WEBHOOK_LOCAL_SECRETS: '1' })
const deps = { catalog, now: () => NOW, newId: () => 'made', known: publishedKeys }

function sourceOf(sample: Sample) {
  const source = sources.get(sample.source)
  if (source === undefined) throw new Error(`no source ${sample.source}`)
  return source
}

function verdict(sample: Sample, request: Parameters<typeof receiveWebhook>[1], now = NOW) {
  const { schemes, secrets } = sourceOf(sample)
  return verifyWebhook({ ...request, schemes, secrets, known: publishedKeys, now })
}

/** The providers that sign a timestamp, with its tolerance in seconds. */
const TOLERANCE: Readonly<Record<string, number>> = {
  stripe: 300,
  slack: 300,
  'gitlab (signing token)': 300,
  'standard-webhooks': 300,
  'standard-webhooks (v1a)': 300,
  svix: 300,
  discord: 300,
  linear: 60,
  zendesk: 300,
  hubspot: 300,
  mailgun: 300,
  paddle: 300,
  box: 600,
  calendly: 300,
  zoom: 300,
  twitch: 600,
  supabase: 300,
  'mailgun (route)': 300,
  sns: 3900,
  'sns (version 1)': 3900,
  'sns (unsubscribed)': 3900,
  paypal: 260_000,
  sendgrid: 90_000,
  buildkite: 300,
  grafana: 300,
}

test('there is a sample of every provider that is built in', () => {
  const names = samples.map(({ source }) => source)
  expect(new Set([...names, 'cloudevents'])).toEqual(new Set(sources.keys())) // receive-webhook.test.ts has the last
})

describe.each(samples.map((sample) => [sample.name, sample] as const))('%s', (_name, sample) => {
  const local = `local-secret-${sample.source}`

  test('a delivery signed with the local secret becomes the expected event', async () => {
    const request = await signSample(sample, local, NOW)
    const received = receiveWebhook(sourceOf(sample), request, deps)
    expect(received).toMatchObject({
      event: {
        ...sample.expected,
        source: `urn:tidewire:webhook:${sample.source}`,
        category: sample.expected.type,
        severity: sample.expected.severity ?? 'info',
      },
    })
  })

  test('another secret, no secret and a missing signature are refused', async () => {
    const forged = await signSample(sample, 'another-secret', NOW)
    const signed = await signSample(sample, local, NOW)
    const { schemes } = sourceOf(sample)
    expect(verdict(sample, forged)).toMatchObject({ ok: false })
    expect(verifyWebhook({ ...signed, schemes, secrets: [], now: NOW }).ok).toBe(false)
    expect(verifyWebhook({ ...signed, schemes, secrets: [''], now: NOW }).ok).toBe(false)
    const bare = {
      ...signed,
      url: 'https://hooks.example.com/',
      headers: { 'content-type': 'application/json' },
      body: new Uint8Array(),
    }
    const refused = verdict(sample, bare)
    expect(refused.ok ? '' : refused.reason).toContain('is missing')
  })

  test('while a secret is rotated, the old one and the new one are both valid', async () => {
    const variable = `WEBHOOK_SECRET_${sample.source.toUpperCase().replaceAll('-', '_')}`
    const rotating = webhookSources({
      WEBHOOK_LOCAL_SECRETS: '1',
      [variable]: 'the old one',
      [`${variable}_2`]: 'the new one',
    }).get(sample.source)
    for (const [secret, ok] of [
      ['the old one', true],
      ['the new one', true],
      [local, false],
    ] as const) {
      const request = await signSample(sample, secret, NOW)
      expect(
        verifyWebhook({ ...request, schemes: [], secrets: [], ...rotating, known: publishedKeys, now: NOW })
          .ok,
      ).toBe(ok)
    }
  })
})

const timed = samples.filter(({ name }) => TOLERANCE[name])
test.each(timed.map((sample) => [sample.name, sample] as const))(
  'a signature of %s from too long ago, or from too far ahead, is refused',
  async (name, sample) => {
    const tolerance = TOLERANCE[name] ?? 0
    const request = await signSample(sample, `local-secret-${sample.source}`, NOW)
    const after = (seconds: number) => verdict(sample, request, new Date(NOW.getTime() + seconds * 1000))
    expect([after(tolerance).ok, after(-tolerance).ok]).toEqual([true, true])
    const reason = expect.stringContaining('seconds away')
    expect(after(tolerance + 1)).toEqual({ ok: false, reason })
    expect(after(-tolerance - 1)).toEqual({ ok: false, reason })
  },
)
