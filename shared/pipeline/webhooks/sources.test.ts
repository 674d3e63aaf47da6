import { describe, expect, test, vi } from 'vitest'
import { providers } from './providers/providers.ts'
import { currentSources, webhookSources } from './sources.ts'

const NAMES = Object.keys(providers)

test('in the local stack every provider is a source, with a secret that is easy to remember', () => {
  const sources = webhookSources({ WEBHOOK_LOCAL_SECRETS: '1' })
  expect([...sources.keys()].sort()).toEqual([...NAMES].sort())
  for (const name of NAMES) expect(sources.get(name)?.secrets[0]).toBe(`local-secret-${name}`)
})

test('in the cloud a provider is a source if it has a secret, and no local secret is valid', () => {
  expect(webhookSources({}).size).toBe(0)
  const sources = webhookSources({ WEBHOOK_SECRET_STANDARD_WEBHOOKS: 'the first one' })
  expect([...sources.keys()]).toEqual(['standard-webhooks'])
  expect(sources.get('standard-webhooks')?.secrets).toEqual(['the first one'])
})

describe('the value of a variable', () => {
  test.each([
    ['a comma', 'v1,whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
    ['spaces around it', ' one , two '],
    ['a bracket before it', '["old","new"]'],
    ['what a shell would take for its own', `$(id) "x" 'y' \\n;&|`],
    ['a line break', 'first line\nsecond line'],
    ['letters of any script', 'geheimé秘密の鍵🔑'],
  ])('is one secret, also with %s', (_, secret) => {
    expect(webhookSources({ WEBHOOK_SECRET_GITHUB: secret }).get('github')?.secrets).toEqual([secret])
  })

  test('is refused if it is too short to be a secret, without what only says its form', () => {
    const problem = (name: string, secret: string) => () => webhookSources({ [name]: secret })
    for (const short of ['v1', '1234567', ' ', ' '.repeat(8), ' 1234567\n', 'whsec_1234567', 'v1,whsec_MfKQ'])
      for (const name of ['WEBHOOK_SECRET_GITHUB', 'WEBHOOK_SECRET_STANDARD_WEBHOOKS'])
        expect(problem(name, short)).toThrow(`${name}: is too short to be a secret`)
    expect(problem('WEBHOOK_SECRET_GITHUB', '12345678')).not.toThrow()
  })

  test.each(['alertmanager', 'grafana', 'datadog', 'postmark'])(
    'of %s is refused if it is a user with a password that is too short',
    (name) => {
      const read = (secret: string) => () =>
        webhookSources({ [`WEBHOOK_SECRET_${name.toUpperCase()}`]: secret })
      for (const short of ['a-user-with-a-long-name:1234567', 'a-user-with-a-long-name:'])
        expect(read(short)).toThrow('is too short to be a secret')
      expect(read('a-user:12345678')).not.toThrow()
      expect(read('a-token-without-a-user')).not.toThrow()
    },
  )

  test.each(['supabase', 'gitlab', 'svix'])(
    'of %s is refused if it is marked as one of Standard Webhooks and is none',
    (name) => {
      const read = (secret: string) => () =>
        webhookSources({ [`WEBHOOK_SECRET_${name.toUpperCase()}`]: secret })
      const one = 'v1,whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
      for (const broken of [`${one}|${one}`, 'whsec_no base64', `${one},`])
        expect(read(broken)).toThrow('has not the form')
      expect(read(one)).not.toThrow()
    },
  )

  test('is refused if it is a list of secrets of Standard Webhooks, as it was one before', () => {
    const list = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw,whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
    expect(() => webhookSources({ WEBHOOK_SECRET_SVIX: list })).toThrow(
      'WEBHOOK_SECRET_SVIX: has not the form',
    )
  })
})

describe('further secrets, while one is rotated', () => {
  const secretsOf = (env: Record<string, string>, name = 'github') => webhookSources(env).get(name)?.secrets

  test('are in variables beside it, from _2 on, with gaps', () => {
    const env = {
      WEBHOOK_SECRET_GITHUB_10: 'the tenth one',
      WEBHOOK_SECRET_GITHUB_3: 'the third one',
      WEBHOOK_SECRET_GITHUB: 'the first one',
    }
    expect(secretsOf(env)).toEqual(['the first one', 'the third one', 'the tenth one'])
    expect(secretsOf({ WEBHOOK_SECRET_GITHUB_2: 'the second one' })).toEqual(['the second one'])
    expect(secretsOf({ WEBHOOK_SECRET_GITHUB_2: 'the second one', WEBHOOK_LOCAL_SECRETS: '1' })).toEqual([
      'the second one',
    ])
  })

  test.each(['_1', '_0', '_02', '_2X', '_-2', '2', '_2_2'])(
    'are not in a variable that ends in %s',
    (end) => {
      const env = { WEBHOOK_SECRET_GITHUB: 'the first one', [`WEBHOOK_SECRET_GITHUB${end}`]: 'another one' }
      expect(secretsOf(env)).toEqual(['the first one'])
    },
  )

  test('are each refused if they are too short', () => {
    expect(() =>
      webhookSources({ WEBHOOK_SECRET_GITHUB: 'the first one', WEBHOOK_SECRET_GITHUB_2: 'short' }),
    ).toThrow('WEBHOOK_SECRET_GITHUB_2: is too short')
  })

  test('are not the secret of another source whose name ends in a number', () => {
    const two = (more: object) =>
      JSON.stringify({ labs: { like: 'github' }, 'labs-2': { like: 'github', ...more } })
    const env = { WEBHOOK_SECRET_LABS: 'the first one', WEBHOOK_SECRET_LABS_2: 'that of labs-2' }
    expect(() => webhookSources({ ...env, WEBHOOK_SOURCES: two({}) })).toThrow(
      'WEBHOOK_SECRET_LABS_2: is a secret of labs-2 and of labs; name another variable in "secrets"',
    )
    const named = webhookSources({
      WEBHOOK_SECRET_LABS: 'the first one',
      OTHER_LABS: 'that of labs-2',
      WEBHOOK_SOURCES: two({ secrets: ['OTHER_LABS'] }),
    })
    expect([...named.values()].map(({ secrets }) => secrets)).toEqual([['the first one'], ['that of labs-2']])
  })

  test('are not shared by sources whose names differ in a dash only', () => {
    const WEBHOOK_SOURCES = JSON.stringify({ 'a-b': { like: 'github' }, a_b: { like: 'github' } })
    expect(() => webhookSources({ WEBHOOK_SOURCES, WEBHOOK_SECRET_A_B: 'one for both' })).toThrow(
      'WEBHOOK_SECRET_A_B: is a secret of a-b and of a_b',
    )
  })
})

test('a secret in the environment replaces the local one', () => {
  const sources = webhookSources({ WEBHOOK_LOCAL_SECRETS: '1', WEBHOOK_SECRET_GITHUB: 'my own secret' })
  expect(sources.get('github')?.secrets).toEqual(['my own secret'])
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
    ACME_OLD: 'the old one',
    ACME_NEW: 'the new one',
    WEBHOOK_SECRET_GITHUB_FORK: 'that of the fork',
  })
  expect([...sources.keys()]).toEqual(['acme', 'github-fork'])
  expect(sources.get('acme')?.secrets).toEqual(['the old one', 'the new one'])
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
  expect(read({ 'Ac me': { like: 'github' } })).toThrow(
    'WEBHOOK_SOURCES: Ac me: is not a source name: a-z, 0-9, "-" and "_"',
  )
  expect(read({ acme: { scheme: { ...scheme, content: '{timestamp}.{body}' } } })).toThrow(
    /acme.*must say in "timestamp" where that is/,
  )
  expect(read({ acme: { scheme, secrets: [] } })).toThrow(/acme.secrets: must name a variable/)
  expect(read({ acme: { scheme } })).toThrow('acme: none of WEBHOOK_SECRET_ACME has a secret')
  expect(() => webhookSources({ WEBHOOK_SOURCES: '{' })).toThrow('WEBHOOK_SOURCES: is not JSON')
  const both = { WEBHOOK_SECRET_DISCORD: 'no key at all', WEBHOOK_SECRET_SVIX: 'whsec_no base64' }
  expect(() => webhookSources(both)).toThrow(
    /DISCORD: has not the form [^\n]*\n[^\n]*SVIX: has not the form |SVIX: has not the form [^\n]*\n[^\n]*DISCORD: has not the form /,
  )
  expect(webhookSources({ WEBHOOK_LOCAL_SECRETS: '1', WEBHOOK_SECRET_DISCORD: 'a few words' }).size).toBe(
    NAMES.length,
  )
})

test('the error of an invalid configuration contains no secret', () => {
  expect(() => webhookSources({ WEBHOOK_SECRET_DISCORD: 'hush, hush' })).toThrow(/^(?![\s\S]*hush)/)
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
    const { sources, current } = open({
      WEBHOOK_SECRET_LABS: 'that of labs',
      WEBHOOK_SECRET_STRIPE: 'whsec_of_stripe',
    })
    expect(current).not.toHaveBeenCalled()

    const found = await sources()

    expect([...found.values()].map(({ name, secrets }) => [name, secrets])).toEqual([
      ['stripe', ['whsec_of_stripe']],
      ['labs', ['that of labs']],
    ])
    expect(await sources()).toBe(found)
  })

  test('follow a change, and stay as they are if it is not usable, which is logged without a secret', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    const { sources, store } = open({ WEBHOOK_SECRET_LABS: 'the first one' })
    await sources()

    store({ WEBHOOK_SECRET_LABS: 'the second one', WEBHOOK_SECRET_LABS_2: 'the first one' })
    expect((await sources()).get('labs')?.secrets).toEqual(['the second one', 'the first one'])
    for (const wrong of [
      '{"WEBHOOK_SECRET_LABS":"planted"',
      '["planted"]',
      { WEBHOOK_SECRET_LABS: 7 },
      {},
      { WEBHOOK_SECRET_LABS: 'short' },
    ]) {
      store(wrong)
      expect((await sources()).get('labs')?.secrets).toEqual(['the second one', 'the first one'])
    }
    expect(log).toHaveBeenCalledTimes(5)
    expect(JSON.stringify(log.mock.calls)).not.toContain('planted')
    store({ WEBHOOK_SECRET_LABS: 'the third one' })
    expect((await sources()).get('labs')?.secrets).toEqual(['the third one'])
    log.mockRestore()
  })

  test.each([
    [{}, 'labs: none of WEBHOOK_SECRET_LABS has a secret'],
    [
      { WEBHOOK_SECRET_LABS: 'that of labs', WEBHOOK_LOCAL_SECRETS: '1' },
      'WEBHOOK_LOCAL_SECRETS is a parameter',
    ],
  ])('are an error that says what is wrong with %j', async (value, message) => {
    await expect(open(value).sources()).rejects.toThrow(message)
  })
})
