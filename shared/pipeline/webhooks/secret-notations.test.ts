import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { Scheme } from './scheme.ts'
import { webhookSources } from './sources.ts'

// The notations of docs/webhooks.md, and what is close to one and must not start.

const edwards = generateKeyPairSync('ed25519').publicKey
const pem = edwards.export({ format: 'pem', type: 'spki' }).toString()
const raw = edwards.export({ format: 'der', type: 'spki' }).subarray(-32)
const hmac = (key?: 'utf8' | 'base64' | 'hex' | 'standard'): Scheme => ({
  algorithm: 'hmac-sha256',
  signature: { header: 'x-sig' },
  encoding: 'hex',
  content: '{body}',
  ...(key && { key }),
})
const basic: Scheme = { algorithm: 'basic' }
const token: Scheme = { algorithm: 'token', header: 'x-token' }
const discord: Scheme = { ...hmac(), algorithm: 'ed25519' } as Scheme
const pubsub: Scheme = {
  algorithm: 'jwt',
  header: 'authorization',
  prefix: 'Bearer ',
  signing: 'RS256',
  keys: 'https://keys.example.com/jwks',
  secretClaim: 'email',
}

const start = (scheme: Scheme, secret: string) => () =>
  webhookSources({ WEBHOOK_SOURCES: JSON.stringify({ own: { scheme } }), WEBHOOK_SECRET_OWN: secret })

describe('a secret', () => {
  test.each<[string, Scheme, string]>([
    ['text', hmac(), 'It’s a "secret", to [everybody] = 100 %'],
    ['text that begins like JSON', hmac(), '{"a":"b"}'],
    ['text of Standard Webhooks', hmac('standard'), 'a plain text'],
    ['whsec_', hmac('standard'), 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
    ['v1,whsec_', hmac('standard'), 'v1,whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
    ['base64', hmac('base64'), 'AI8REtvTAwFEU/JCxEsjmw=='],
    ['hex', hmac('hex'), '44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056'],
    ['a token', token, 'xoxb-1,2;3'],
    ['a user with a password', basic, 'user:pass:word'],
    ['a user with a password of any letters', basic, 'user:pässwörd'],
    ['a public key in hex', discord, raw.toString('hex')],
    ['a public key in hex, in capitals', discord, raw.toString('hex').toUpperCase()],
    ['ed25519:', discord, `ed25519:${raw.toString('hex')}`],
    ['whpk_', discord, `whpk_${raw.toString('base64')}`],
    ['PEM', discord, pem],
    ['PEM with \\n', discord, pem.replaceAll('\n', '\\n')],
    ['an e-mail', pubsub, 'push@myproject.iam.gserviceaccount.com'],
    ['claims', pubsub, '{"email":"push@myproject.iam.gserviceaccount.com","aud":"https://a.example"}'],
  ])('may be %s', (_, scheme, secret) => {
    expect(start(scheme, secret)().get('own')?.secrets).toEqual([secret])
  })

  test.each<[string, Scheme, string]>([
    ['Standard Webhooks without base64', hmac('standard'), 'whsec_not base64 at all'],
    [
      'Standard Webhooks with two secrets',
      hmac('standard'),
      'v1,whsec_MfKQ9r8GKYqrTwjU|v1,whsec_MfKQ9r8GKYqrTwjU',
    ],
    ['base64 without its end', hmac('base64'), 'AI8REtvTAwFEU/JCxEsjmw'],
    ['base64 of addresses', hmac('base64'), 'AI8REtvTAwFEU_JCxEsjmw=='],
    ['hex with an odd digit', hmac('hex'), '44782DEF5'],
    ['hex with another letter', hmac('hex'), '44782DEG'],
    ['a user without a password', basic, 'userwithoutpassword'],
    ['a password without a user', basic, ':password'],
    ['a public key as a token', token, `ed25519:${raw.toString('hex')}`],
    ['a public key as a key of HMAC', hmac(), pem],
    ['a public key that is cut off', discord, raw.toString('hex').slice(1)],
    ['PEM that is cut off', discord, pem.slice(0, -30)],
    ['PEM of two keys', discord, pem + pem],
    ['claims without the one that counts', pubsub, '{"aud":"https://a.example"}'],
    ['claims that are no JSON', pubsub, '{"email":"push@myproject"'],
  ])('is refused at the start that is %s', (_, scheme, secret) => {
    expect(start(scheme, secret)).toThrow('WEBHOOK_SECRET_OWN: has not the form that its scheme needs')
  })

  test.each<[string, Scheme, string]>([
    ['a short password of a long user', basic, 'a-user-with-a-long-name:1234567'],
    ['no password', basic, 'a-user-with-a-long-name:'],
    ['a few letters', token, 'abcdefg'],
    ['whsec_ with a few letters', hmac('standard'), 'whsec_MfKQ'],
    ['v1,whsec_ without anything', hmac('standard'), 'v1,whsec_'],
  ])('is refused at the start that is %s', (_, scheme, secret) => {
    expect(start(scheme, secret)).toThrow('WEBHOOK_SECRET_OWN: is too short to be a secret')
  })
})
