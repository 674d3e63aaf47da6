import { createSign, generateKeyPairSync } from 'node:crypto'
import { beforeAll, expect, test } from 'vitest'
import { memorySigningKeyStore } from '#shared/testing/memory/memory-signing-key-store.ts'
import { storedKeys } from './stored-keys.ts'
import { tokenIdentity } from './token-identity.ts'

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'k1', use: 'sig', alg: 'RS256' }
const issuer = 'https://issuer.example.com/pool'
const store = memorySigningKeyStore()
beforeAll(() => store.save(issuer, { jwks: JSON.stringify({ keys: [jwk] }), copied: Date.now() + 60_001 }))

const NOW = Math.floor(Date.now() / 1000)
const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')

function token(given: object = {}, header: object = {}, key = privateKey): string {
  const claims = {
    iss: issuer,
    client_id: 'web',
    token_use: 'access',
    username: 'ada@example.com',
    sub: 'u1',
    'cognito:groups': ['viewer', 'operator'],
    exp: NOW + 60,
    iat: NOW,
    ...given,
  }
  const input = `${encode({ alg: 'RS256', kid: 'k1', ...header })}.${encode(claims)}`
  return `${input}.${createSign('RSA-SHA256').update(input).sign(key).toString('base64url')}`
}
const identify = () =>
  tokenIdentity({ issuer, clientId: 'web' }, storedKeys(store, { issuer, now: Date.now }))

test('returns the user and the highest of the groups', async () => {
  expect(await identify()(token())).toEqual({
    kind: 'user',
    name: 'ada@example.com',
    id: 'u1',
    role: 'operator',
    issued: expect.any(Number),
    expires: expect.any(Number),
  })
})

test('reports that a token has expired', async () => {
  await expect(identify()(token({ exp: NOW - 61 }))).rejects.toMatchObject({
    code: 'unauthenticated',
    message: 'The token has expired; sign in again or refresh it.',
  })
})

test.each([
  ['has ended', { exp: NOW - 30 }],
  ['begins later', { iat: NOW + 30, nbf: NOW + 40 }],
  ['is from before the clock was set back by an hour', { iat: NOW + 3600, exp: NOW + 7200 }],
])(
  'takes a token that %s by the clock of the function, which may differ from the issuer’s',
  async (_, claims) => {
    expect(await identify()(token(claims))).toEqual({
      kind: 'user',
      name: 'ada@example.com',
      id: 'u1',
      role: 'operator',
      issued: expect.any(Number),
      expires: expect.any(Number),
    })
  },
)

const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
const unsigned = () => `${token({}, { alg: 'none' }).split('.').slice(0, 2).join('.')}.`

test.each([
  ['signed by somebody else', () => token({}, {}, stranger), 'not valid'],
  ['of a key that nobody has', () => token({}, { kid: 'k2' }), 'not valid'],
  ['without a signature', unsigned, 'not valid'],
  ['that is none', () => 'abc', 'not valid'],
  ['of another issuer', () => token({ iss: 'https://elsewhere' }), 'issued elsewhere'],
  ['of another application', () => token({ client_id: 'other' }), 'another application'],
  ['that is an ID token', () => token({ token_use: 'id' }), 'send the access token'],
])('refuses a token %s', async (_, make, text) => {
  await expect(identify()(make())).rejects.toMatchObject({
    code: 'unauthenticated',
    message: expect.stringContaining(text),
  })
})

test.each([[[]], [['guests']], [undefined]])('grants nothing to a user of the groups %j', async (groups) => {
  await expect(identify()(token({ 'cognito:groups': groups }))).rejects.toMatchObject({ code: 'forbidden' })
})

test('throws what the keys throw', async () => {
  const missing = storedKeys(memorySigningKeyStore(), { issuer, now: Date.now })

  await expect(tokenIdentity({ issuer, clientId: 'web' }, missing)(token())).rejects.toMatchObject({
    code: 'unavailable',
  })
})
