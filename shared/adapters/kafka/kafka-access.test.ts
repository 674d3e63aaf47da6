import { Buffer } from 'node:buffer'
import type { AuthenticationProviderArgs, Mechanism } from 'kafkajs'
import { expect, test, vi } from 'vitest'
import { type KafkaAccess, type KafkaAuth, kafkaAccess } from './kafka-access.ts'

const SETTINGS = { brokers: ['b-1:9098'], secretArn: 'arn:secret', topicPrefix: 'prod.' }
const AWS = { AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 's' }

/** Access with a secret that a test can change, and a clock that it moves. */
function createAccess(auth: KafkaAuth) {
  const time = { now: 1_000_000 }
  const user = (password: string) => ({ value: JSON.stringify({ username: 'u', password }), created: 1 })
  const readSecret = vi.fn(async (_arn: string) => user('first'))
  const access = kafkaAccess(
    { ...SETTINGS, auth },
    { clientId: 'test', readSecret, aws: AWS, now: () => time.now },
  )
  return { access, readSecret, user, time }
}

/** Authenticates, and returns what was sent. The broker refuses what does not end with `accepted`. */
async function authenticate({ sasl }: KafkaAccess, accepted = ''): Promise<string> {
  const sent: string[] = []
  const saslAuthenticate: AuthenticationProviderArgs['saslAuthenticate'] = async ({ request }) => {
    sent.push(
      Buffer.from(await request.encode())
        .toString()
        .slice(4),
    )
    if (!sent[0]?.endsWith(accepted)) throw new Error('refused')
  }
  const logger = { debug: () => {}, error: () => {} }
  const connection = { host: 'b-1', port: 9098, logger, saslAuthenticate } as unknown
  await (sasl as Mechanism).authenticationProvider(connection as AuthenticationProviderArgs).authenticate()
  return sent.join()
}

test('the local broker is reached without TLS, and every other Kafka with it', () => {
  expect(createAccess('none').access).toEqual({
    brokers: ['b-1:9098'],
    topicPrefix: 'prod.',
    clientId: 'test',
  })
  for (const auth of ['iam', 'plain', 'scram-sha-256', 'scram-sha-512'] as const)
    expect(createAccess(auth).access).toMatchObject({ ssl: true, sasl: { mechanism: expect.any(String) } })
})

test('with IAM every connection has a token of its own time', async () => {
  const { access, time } = createAccess('iam')
  const dateOf = async () => {
    const [, token = ''] = (await authenticate(access)).split('auth=Bearer ')
    return new URL(Buffer.from(token, 'base64url').toString()).searchParams.get('X-Amz-Date')
  }

  expect(await dateOf()).toBe('19700101T001640Z')
  time.now += 600_000
  expect(await dateOf()).toBe('19700101T002640Z')
})

test('a connection is replaced before the token that it was opened with ends', () => {
  expect(createAccess('iam').access.lastsMs).toBeLessThan(900_000)
})

test('the user and the password come from the secret, which connections at about the same time share', async () => {
  const { access, readSecret } = createAccess('plain')

  const sent = [await authenticate(access, 'first'), await authenticate(access, 'first')]

  expect(sent).toEqual(['\0u\0first', '\0u\0first'])
  expect(readSecret.mock.calls).toEqual([['arn:secret']])
})

test('a password that was rotated is taken by the next connection after one was refused', async () => {
  const { access, readSecret, user } = createAccess('plain')
  await authenticate(access, 'first')
  readSecret.mockResolvedValue(user('second'))

  await expect(authenticate(access, 'second')).rejects.toThrow('refused')

  expect(await authenticate(access, 'second')).toBe('\0u\0second')
})

test('a secret of another form is told without what is in it', async () => {
  const { access, readSecret } = createAccess('plain')
  readSecret.mockResolvedValue({ value: 'user:hunter2', created: 1 })

  const error = await authenticate(access, '').catch((thrown: unknown) => String(thrown))

  expect(error).toContain('arn:secret must be {"username": "…", "password": "…"}')
  expect(error).not.toContain('hunter2')
})
