import { Buffer } from 'node:buffer'
import { expect, test } from 'vitest'
import official from './fixtures/iam-tokens.json' with { type: 'json' }
import { iamToken } from './iam-token.ts'

// The fixture has how it was made: AWS's own signer at a fixed time, without and with a session token.
test.each(official.tokens)(
  'the token is the one that AWS’s own signer makes for $region',
  async (expected) => {
    const { region, credentials, token } = expected

    const made = await iamToken({
      region,
      credentials,
      now: Date.parse(official.at),
      userAgent: official.userAgent,
    })

    expect(made).toBe(token)
  },
)

test('the token names its time and its 15 minutes, and our name is not part of the signature', async () => {
  const [{ region, credentials, token }] = official.tokens as [(typeof official.tokens)[0]]
  const read = (text: string) => new URL(Buffer.from(text, 'base64url').toString()).searchParams

  const own = read(await iamToken({ region, credentials, now: Date.parse(official.at) }))

  expect([own.get('X-Amz-Date'), own.get('X-Amz-Expires')]).toEqual(['20261127T123456Z', '900'])
  expect(own.get('User-Agent')).toBe('tidewire')
  expect(own.get('X-Amz-Signature')).toBe(read(token).get('X-Amz-Signature'))
})
