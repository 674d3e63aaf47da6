import { Buffer } from 'node:buffer'
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { propertyRuns } from '#shared/testing/test-seed.ts'
import type { Scheme } from './scheme.ts'
import { webhookSources } from './sources.ts'
import { verifyWebhook } from './verify.ts'

const NOW = new Date('2026-11-21T08:00:00Z')
const BODY = Buffer.from('{"a":1}')
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const otherCurve = generateKeyPairSync('ec', { namedCurve: 'secp384r1' })
const koblitz = generateKeyPairSync('ec', { namedCurve: 'secp256k1' })
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const shortRsa = generateKeyPairSync('rsa', { modulusLength: 1024 })
const edwards = generateKeyPairSync('ed25519')

const pemOf = (key: KeyObject) => key.export({ format: 'pem', type: 'spki' }).toString()
const base64Of = (key: KeyObject) => key.export({ format: 'der', type: 'spki' }).toString('base64')

function scheme(algorithm: 'ecdsa-sha256' | 'rsa-sha256' | 'rsa-sha1' | 'ed25519'): Scheme {
  return { algorithm, signature: { header: 'x-sig' }, encoding: 'base64', content: '{body}' }
}

function check(schemes: readonly Scheme[], secret: string, signature: string, body: Uint8Array = BODY) {
  const headers = { 'content-type': 'application/json', 'x-sig': signature }
  return verifyWebhook({ method: 'POST', url: '', headers, body, schemes, secrets: [secret], now: NOW })
}

const KINDS = [
  ['ecdsa-sha256', ec, 'sha256'],
  ['rsa-sha256', rsa, 'sha256'],
  ['rsa-sha1', rsa, 'sha1'],
  ['ed25519', edwards, null],
] as const

describe.each(KINDS)('%s', (algorithm, pair, hash) => {
  const signature = sign(hash, BODY, pair.privateKey)
  const isRight = (secret: string, given: Buffer | string = signature, body: Uint8Array = BODY) =>
    check([scheme(algorithm)], secret, typeof given === 'string' ? given : given.toString('base64'), body).ok

  test.each([
    ['PEM with line breaks', pemOf],
    ['PEM without the last line break', (key: KeyObject) => pemOf(key).trim()],
    ['PEM with \\n in the place of line breaks', (key: KeyObject) => pemOf(key).replaceAll('\n', '\\n')],
    ['PEM with the line breaks of Windows', (key: KeyObject) => pemOf(key).replaceAll('\n', '\r\n')],
    ['PEM on one line', (key: KeyObject) => pemOf(key).replaceAll('\n', ' ')],
    ['PEM without any line break', (key: KeyObject) => pemOf(key).replaceAll('\n', '')],
  ])('takes the public key as %s', (_, write) => {
    expect(isRight(write(pair.publicKey))).toBe(true)
    const entry = { own: { scheme: scheme(algorithm) } }
    const env = { WEBHOOK_SOURCES: JSON.stringify(entry), WEBHOOK_SECRET_OWN: write(pair.publicKey) }
    expect(webhookSources(env).get('own')?.secrets).toHaveLength(1)
  })

  test('refuses a signature of any other length, and any other content', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), fc.nat(signature.length - 1), (noise, at) => {
        const secret = pemOf(pair.publicKey)
        expect(isRight(secret, Buffer.from(noise))).toBe(false)
        expect(isRight(secret, signature.subarray(0, at))).toBe(false)
        expect(isRight(secret, Buffer.concat([signature, Buffer.from([at])]))).toBe(false)
        expect(isRight(secret, signature, Buffer.concat([BODY, Buffer.from([at])]))).toBe(false)
      }),
      { numRuns: propertyRuns(60) },
    )
    expect(isRight(pemOf(pair.publicKey), '')).toBe(false)
  })

  test('refuses the keys of every other kind, curve and length, when it verifies and at the start', () => {
    const others = [ec, otherCurve, koblitz, rsa, shortRsa, edwards].filter((other) => other !== pair)
    for (const other of others) {
      const secret = pemOf(other.publicKey)
      const signedByOther = sign(other === edwards ? null : (hash ?? 'sha256'), BODY, other.privateKey)
      expect(isRight(secret, signedByOther)).toBe(false)
      const env = {
        WEBHOOK_SOURCES: JSON.stringify({ own: { scheme: scheme(algorithm) } }),
        WEBHOOK_SECRET_OWN: secret,
      }
      expect(() => webhookSources(env)).toThrow('WEBHOOK_SECRET_OWN: has not the form')
    }
  })

  test('refuses a private key at the start, and tells what to put', () => {
    const secret = pair.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
    for (const written of [secret, secret.replaceAll('\n', '\\n')]) {
      const env = {
        WEBHOOK_SOURCES: JSON.stringify({ own: { scheme: scheme(algorithm) } }),
        WEBHOOK_SECRET_OWN: written,
      }
      expect(() => webhookSources(env)).toThrow(/WEBHOOK_SECRET_OWN: is a private key(?!.*BEGIN)/)
    }
  })
})

test('the base64 of a public key is one too, as SendGrid shows it', () => {
  const ecdsa = sign('sha256', BODY, ec.privateKey).toString('base64')
  expect(check([scheme('ecdsa-sha256')], base64Of(ec.publicKey), ecdsa).ok).toBe(true)
  const pkcs1 = sign('sha256', BODY, rsa.privateKey).toString('base64')
  expect(check([scheme('rsa-sha256')], base64Of(rsa.publicKey), pkcs1).ok).toBe(true)
})

test('a signature of ECDSA is in DER: two numbers beside each other are refused', () => {
  const plain = sign('sha256', BODY, { key: ec.privateKey, dsaEncoding: 'ieee-p1363' })
  expect(check([scheme('ecdsa-sha256')], pemOf(ec.publicKey), plain.toString('base64')).ok).toBe(false)
})

test('a public key is never the key of an HMAC or a token, however it is written', () => {
  const hmac: Scheme = {
    algorithm: 'hmac-sha256',
    signature: { header: 'x-sig' },
    encoding: 'hex',
    content: '{body}',
  }
  for (const scheme of [hmac, { algorithm: 'token', header: 'x-token' } as const]) {
    const env = {
      WEBHOOK_SOURCES: JSON.stringify({ own: { scheme } }),
      WEBHOOK_SECRET_OWN: pemOf(ec.publicKey),
    }
    expect(() => webhookSources(env)).toThrow('WEBHOOK_SECRET_OWN: has not the form')
  }
})
