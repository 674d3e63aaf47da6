import { describe, expect, test, vi } from 'vitest'
import { currentSources, webhookSources } from './sources.ts'

const NAMES = [
  'github',
  'gitlab',
  'bitbucket',
  'stripe',
  'shopify',
  'slack',
  'twilio',
  'standard-webhooks',
  'svix',
  'discord',
  'pagerduty',
  'sentry',
  'linear',
  'zendesk',
  'hubspot',
  'square',
  'intercom',
  'typeform',
  'mailgun',
  'paddle',
  'cloudevents',
]

test('in the local stack every provider is a source, with a secret that is easy to remember', () => {
  const sources = webhookSources({ WEBHOOK_LOCAL_SECRETS: '1' })
  expect([...sources.keys()].sort()).toEqual([...NAMES].sort())
  for (const name of NAMES) expect(sources.get(name)?.secrets[0]).toBe(`local-secret-${name}`)
})

test('in the cloud a provider is a source if it has a secret, and no local secret is valid', () => {
  expect(webhookSources({}).size).toBe(0)
  const sources = webhookSources({ WEBHOOK_SECRET_STANDARD_WEBHOOKS: ' one ,two,, ' })
  expect([...sources.keys()]).toEqual(['standard-webhooks'])
  expect(sources.get('standard-webhooks')?.secrets).toEqual(['one', 'two'])
})

test('a secret in the environment replaces the local one', () => {
  const sources = webhookSources({ WEBHOOK_LOCAL_SECRETS: '1', WEBHOOK_SECRET_GITHUB: 'mine' })
  expect(sources.get('github')?.secrets).toEqual(['mine'])
})

test('a custom entry is JSON, with a scheme or like a built-in provider', () => {
  const entries = {
    acme: {
      scheme: {
        algorithm: 'hmac-sha256',
        signature: { header: 'x-acme-signature' },
        encoding: 'hex',
        content: '{timestamp}.{body}',
        timestamp: { header: 'x-acme-time', unit: 's' },
      },
      secrets: ['ACME_OLD', 'ACME_NEW'],
      mapping: {
        name: [{ field: '/kind' }],
        severity: { from: [{ field: '/level' }], values: { bad: 'high' } },
      },
    },
    'github-fork': { like: 'github', mapping: { subject: [{ field: '/sender/login' }] } },
  }
  const sources = webhookSources({
    WEBHOOK_SOURCES: JSON.stringify(entries),
    ACME_OLD: 'a',
    ACME_NEW: 'b',
    WEBHOOK_SECRET_GITHUB_FORK: 'c',
  })
  expect([...sources.keys()]).toEqual(['acme', 'github-fork'])
  expect(sources.get('acme')?.secrets).toEqual(['a', 'b'])
  expect(sources.get('github-fork')?.mapping).toMatchObject({
    name: [{ header: 'x-github-event' }],
    subject: [{ field: '/sender/login' }],
  })
})

test('everything that is wrong is reported at once', () => {
  const scheme = { algorithm: 'hmac-sha256', signature: { header: 'x' }, encoding: 'hex', content: '{body}' }
  const read =
    (entries: unknown, env = {}) =>
    () =>
      webhookSources({ WEBHOOK_SOURCES: JSON.stringify(entries), ...env })
  expect(read({ acme: { scheme: { ...scheme, content: '{boby}' } } })).toThrow(/acme.*has an unknown part/)
  expect(read({ acme: { scheme: { ...scheme, signature: {} } } })).toThrow(
    /acme.*must name either a header or a field/,
  )
  expect(read({ acme: { scheme: { ...scheme, signature: { header: 'X' } } } })).toThrow(/lower case/)
  expect(read({ acme: { like: 'githubb' } })).toThrow(/is not a provider/)
  expect(read({ acme: {} })).toThrow(/needs "scheme" or "like"/)
  expect(read({ 'Ac me': { like: 'github' } })).toThrow(/WEBHOOK_SOURCES: Ac me/)
  expect(read({ acme: { scheme } })).toThrow('acme: none of WEBHOOK_SECRET_ACME has a secret')
  expect(() => webhookSources({ WEBHOOK_SOURCES: '{' })).toThrow('WEBHOOK_SOURCES: is not JSON')
  const both = { WEBHOOK_SECRET_DISCORD: 'no key', WEBHOOK_SECRET_SVIX: 'fine,whsec_!' }
  expect(() => webhookSources(both)).toThrow(
    /DISCORD: secret 1 [^\n]*\n[^\n]*SVIX: secret 2 |SVIX: secret 2 [^\n]*\n[^\n]*DISCORD: secret 1 /,
  )
  expect(webhookSources({ WEBHOOK_LOCAL_SECRETS: '1', WEBHOOK_SECRET_DISCORD: 'a word' }).size).toBe(
    NAMES.length,
  )
})

test('the error of an invalid configuration contains no secret', () => {
  expect(() => webhookSources({ WEBHOOK_SECRET_DISCORD: 'hush' })).toThrow(/^(?![\s\S]*hush)/)
})

describe('sources whose secrets are kept outside of the environment', () => {
  const SETTINGS = { WEBHOOK_SOURCES: '{"labs":{"like":"github"}}' }
  const open = (value: unknown) => {
    const stored = { text: JSON.stringify(value) }
    const current = vi.fn(async () => ({ value: stored.text, created: 0 }))
    const sources = currentSources(SETTINGS, { current, noOlderThan: current })
    const store = (next: unknown) => {
      stored.text = typeof next === 'string' ? next : JSON.stringify(next)
    }
    return { sources, current, store }
  }

  test('are built in or configured, as those of the environment', async () => {
    const { sources, current } = open({ WEBHOOK_SECRET_LABS: 'a', WEBHOOK_SECRET_STRIPE: 'whsec_b' })
    expect(current).not.toHaveBeenCalled()

    const found = await sources()

    expect([...found.values()].map(({ name, secrets }) => [name, secrets])).toEqual([
      ['stripe', ['whsec_b']],
      ['labs', ['a']],
    ])
    expect(await sources()).toBe(found)
  })

  test('follow a change, and stay as they are if it is not usable, which is logged without a secret', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    const { sources, store } = open({ WEBHOOK_SECRET_LABS: 'a' })
    await sources()

    store({ WEBHOOK_SECRET_LABS: 'b,a' })
    expect((await sources()).get('labs')?.secrets).toEqual(['b', 'a'])
    for (const wrong of ['{"WEBHOOK_SECRET_LABS":"planted"', '["planted"]', { WEBHOOK_SECRET_LABS: 7 }, {}]) {
      store(wrong)
      expect((await sources()).get('labs')?.secrets).toEqual(['b', 'a'])
    }
    expect(log).toHaveBeenCalledTimes(4)
    expect(JSON.stringify(log.mock.calls)).not.toContain('planted')
    store({ WEBHOOK_SECRET_LABS: 'c' })
    expect((await sources()).get('labs')?.secrets).toEqual(['c'])
    log.mockRestore()
  })

  test.each([
    [{}, 'labs: none of WEBHOOK_SECRET_LABS has a secret'],
    [{ WEBHOOK_SECRET_LABS: 'a', WEBHOOK_LOCAL_SECRETS: '1' }, 'WEBHOOK_LOCAL_SECRETS is a parameter'],
  ])('are an error that says what is wrong with %j', async (value, message) => {
    await expect(open(value).sources()).rejects.toThrow(message)
  })
})
