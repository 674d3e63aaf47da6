import { Buffer } from 'node:buffer'
import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { propertyRuns } from '#shared/testing/test-seed.ts'
import { makeCertificate } from '#shared/testing/webhooks/make-certificate.ts'
import { isAddressOf } from './keys/certificate.ts'
import { providers } from './providers/providers.ts'
import type { Scheme } from './scheme.ts'
import { webhookSources } from './sources.ts'
import { verifyWebhook } from './verify.ts'

const NOW = new Date('2026-11-21T08:00:00Z')
const SECONDS = NOW.getTime() / 1000
const TOPIC = 'arn:aws:sns:eu-central-1:123456789012:cranes'
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })

describe('the certificate of a signature', () => {
  const ADDRESS = 'https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-1.pem'

  type Given = { certificate?: string; address?: string; at?: string; topic?: string; key?: KeyObject }
  function check({
    certificate = makeCertificate({ hosts: ['sns.amazonaws.com'], keys: rsa }).pem,
    address = ADDRESS,
    at = NOW.toISOString(),
    topic = TOPIC,
    key = rsa.privateKey,
  }: Given) {
    const content = `Message\nm\nMessageId\n1\nTimestamp\n${at}\nTopicArn\n${topic}\nType\nNotification\n`
    const message = { Type: 'Notification', MessageId: '1', TopicArn: topic, Message: 'm', Timestamp: at }
    const Signature = sign('sha256', Buffer.from(content), key).toString('base64')
    const body = { ...message, SignatureVersion: '2', Signature, SigningCertURL: address }
    return verifyWebhook({
      method: 'POST',
      url: '',
      headers: { 'content-type': 'text/plain; charset=UTF-8' },
      body: Buffer.from(JSON.stringify(body)),
      schemes: providers.sns?.schemes ?? [],
      secrets: [TOPIC],
      known: new Map([[ADDRESS, { text: certificate, copied: 0 }]]),
      now: NOW,
    })
  }
  const made = (more: object) => makeCertificate({ hosts: ['sns.amazonaws.com'], keys: rsa, ...more }).pem

  test('is right if it is valid now, for SNS, and its key has signed', () => {
    expect(check({})).toEqual({ ok: true })
  })

  test.each([
    'sns.eu-central-1.amazonaws.com',
    'sns-signing.af-south-1.amazonaws.com',
    'sns-cn-north-1.amazonaws.com.cn',
    'sns-us-gov-west-1.amazonaws.com',
  ])('may be for %s', (host) => {
    expect(check({ certificate: made({ hosts: [host] }) }).ok).toBe(true)
    expect(check({ certificate: made({ hosts: [], commonName: host }) }).ok).toBe(true)
  })

  test.each([
    ['has expired', { certificate: made({ to: new Date('2026-11-21T07:59:59Z') }) }],
    ['is not valid yet', { certificate: made({ from: new Date('2026-11-21T08:00:01Z') }) }],
    ['is for another host', { certificate: made({ hosts: ['sns.amazonaws.com.example.com'] }) }],
    ['is for a host that only ends like it', { certificate: made({ hosts: ['xsns.amazonaws.com'] }) }],
    [
      'has the name only beside other hosts',
      { certificate: made({ hosts: ['example.com'], commonName: 'sns.amazonaws.com' }) },
    ],
    [
      'has a name with a line break',
      { certificate: made({ hosts: [], commonName: 'x\nCN=sns.amazonaws.com' }) },
    ],
    ['has a host with a comma', { certificate: made({ hosts: ['x, DNS:sns.amazonaws.com'] }) }],
    ['has a key on a curve', { certificate: made({ keys: ec }) }],
    ['has a short key', { certificate: made({ keys: generateKeyPairSync('rsa', { modulusLength: 1024 }) }) }],
    ['has another key', { certificate: made({ keys: generateKeyPairSync('rsa', { modulusLength: 2048 }) }) }],
    ['is no certificate', { certificate: rsa.publicKey.export({ format: 'pem', type: 'spki' }).toString() }],
    ['is that of another topic', { topic: `${TOPIC}-2` }],
    [
      'is at an address of somebody else',
      { address: 'https://sns.eu-central-1.amazonaws.com.example.com/1.pem' },
    ],
    ['signs an hour and six minutes ago', { at: '2026-11-21T06:54:00Z' }],
  ])('is refused if it %s', (_, given) => {
    expect(check(given).ok).toBe(false)
  })

  test('that is not known yet is asked for, and not one that somebody else names', () => {
    const unknown = 'https://sns.us-east-1.amazonaws.com/SimpleNotificationService-2.pem'
    expect(check({ address: unknown })).toMatchObject({ needs: [{ address: unknown }] })
    for (const given of [
      { address: unknown, topic: `${TOPIC}-2` },
      { address: unknown, at: '2026-11-21T06:00:00Z' },
      { address: 'https://sns.us-east-1.amazonaws.com.example.com/2.pem' },
    ])
      expect(check(given)).not.toHaveProperty('needs')
  })
})

describe('the address of a certificate', () => {
  const PATTERNS = ['https://sns.*.amazonaws.com/*.pem', 'https://sns.*.amazonaws.com.cn/*.pem']

  test.each([
    'https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-01d088a6f77103d0fe307c0069e40ed6.pem',
    'https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-1.pem',
  ])('may be %s', (address) => {
    expect(isAddressOf(PATTERNS, address)).toBe(true)
  })

  test.each([
    'http://sns.eu-central-1.amazonaws.com/a.pem',
    'HTTPS://sns.eu-central-1.amazonaws.com/a.pem',
    'https://sns.eu-central-1.amazonaws.com.example.com/a.pem',
    'https://sns.eu-central-1.amazonaws.com@example.com/a.pem',
    'https://sns.example.com/a.amazonaws.com/a.pem',
    'https://sns.example.com#.amazonaws.com/a.pem',
    'https://sns.example.com?.amazonaws.com/a.pem',
    'https://sns.example.com\\.amazonaws.com/a.pem',
    'https://sns.example.com%2f.amazonaws.com/a.pem',
    'https://sns.eu.central.amazonaws.com/a.pem',
    'https://sns..amazonaws.com/a.pem',
    'https://sns.eu-central-1.amazonaws.com:444/a.pem',
    'https://sns.eu-central-1.amazonaws.com./a.pem',
    'https://sns.eu-central-1.amazonaws.com/a.pem?x=.pem',
    'https://sns.eu-central-1.amazonaws.com/a.pem#',
    'https://sns.eu-central-1.amazonaws.com/../a.pem',
    'https://sns.eu-central-1.amazonaws.com/b/a.pem',
    'https://sns.eu-central-1.amazonaws.com/a.pem.exe',
    'https://sns.eu-central-1.amazonaws.com/a.pem\n',
    'https://sns.eu-central-1.amazonaws.com/.pem',
    'https://mybucket.s3.amazonaws.com/a.pem',
    ' https://sns.eu-central-1.amazonaws.com/a.pem',
    `https://sns.eu-central-1.amazonaws.com/${'a'.repeat(600)}.pem`,
  ])('is never %s', (address) => {
    expect(isAddressOf(PATTERNS, address)).toBe(false)
  })
})

describe('a JSON Web Token', () => {
  const BODY = Buffer.from('{"a":1}')
  const URL_CALLED = 'https://hooks.example.com/webhooks/x'
  const PEM = ec.publicKey.export({ format: 'pem', type: 'spki' }).toString()
  const JWK = JSON.stringify({
    ...ec.publicKey.export({ format: 'jwk' }),
    kid: 'k1',
    alg: 'ES256',
    use: 'sig',
  })
  const own: Scheme = {
    algorithm: 'jwt',
    header: 'x-token',
    signing: 'ES256',
    bodyDigest: 'sha',
    tolerance: 300,
  }
  const google = providers.pubsub?.schemes ?? []
  const GOOGLE = 'https://www.googleapis.com/oauth2/v3/certs'
  const googleKeys = JSON.stringify({
    keys: [{ ...rsa.publicKey.export({ format: 'jwk' }), kid: 'g1', alg: 'RS256', use: 'sig' }],
  })
  const sha = '015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862'
  const encode = (part: unknown) => Buffer.from(JSON.stringify(part)).toString('base64url')
  const join = (header: unknown, claims: unknown, signer: (input: Buffer) => Buffer) => {
    const input = `${encode(header)}.${encode(claims)}`
    return `${input}.${signer(Buffer.from(input)).toString('base64url')}`
  }
  const byCurve =
    (key: KeyObject = ec.privateKey, hash = 'sha256') =>
    (input: Buffer) =>
      sign(hash, input, { key, dsaEncoding: 'ieee-p1363' })
  const byHmac = (key: string) => (input: Buffer) => createHmac('sha256', key).update(input).digest()
  const header = { alg: 'ES256', kid: 'k1', typ: 'JWT' }
  const claims = { iat: SECONDS, sha }

  const verify = (token: string, secret = JWK, schemes: readonly Scheme[] = [own], copied = NOW.getTime()) =>
    verifyWebhook({
      method: 'POST',
      url: URL_CALLED,
      headers: { 'content-type': 'application/json', 'x-token': token, authorization: `Bearer ${token}` },
      body: BODY,
      schemes,
      secrets: [secret],
      known: new Map([[GOOGLE, { text: googleKeys, copied }]]),
      now: NOW,
    })

  test.each([
    ['a JSON Web Key', JWK],
    ['a set of them', JSON.stringify({ keys: [JSON.parse(JWK)] })],
    ['the answer of Plaid’s API', JSON.stringify({ key: JSON.parse(JWK), request_id: 'r' })],
    ['PEM', PEM],
    ['PEM with \\n', PEM.replaceAll('\n', '\\n')],
    ['a key without an id', JSON.stringify({ ...JSON.parse(JWK), kid: undefined })],
  ])('is verified with %s as the secret', (_, secret) => {
    expect(verify(join(header, claims, byCurve()), secret)).toEqual({ ok: true })
    const env = { WEBHOOK_SOURCES: JSON.stringify({ own: { scheme: own } }), WEBHOOK_SECRET_OWN: secret }
    expect(webhookSources(env).get('own')?.secrets).toEqual([secret])
  })

  const other = generateKeyPairSync('ec', { namedCurve: 'P-384' })
  test.each([
    ['names no algorithm', () => join({ ...header, alg: 'none' }, claims, () => Buffer.alloc(0))],
    ['names none, with a signature', () => join({ ...header, alg: 'none' }, claims, byCurve())],
    ['names nOnE', () => join({ ...header, alg: 'nOnE' }, claims, byCurve())],
    ['is an HMAC with the public key', () => join({ ...header, alg: 'HS256' }, claims, byHmac(PEM))],
    ['is an HMAC with the public key and names ES256', () => join(header, claims, byHmac(JWK))],
    ['has no signature', () => join(header, claims, () => Buffer.alloc(0))],
    ['is signed with zeros (CVE-2022-21449)', () => join(header, claims, () => Buffer.alloc(64))],
    ['is signed in DER', () => join(header, claims, (input) => sign('sha256', input, ec.privateKey))],
    ['is signed on another curve', () => join(header, claims, byCurve(other.privateKey, 'sha384'))],
    [
      'is signed with ES384',
      () => join({ ...header, alg: 'ES384' }, claims, byCurve(other.privateKey, 'sha384')),
    ],
    [
      'is signed with RS256',
      () => join({ ...header, alg: 'RS256' }, claims, (input) => sign('sha256', input, rsa.privateKey)),
    ],
    [
      'brings its own key',
      () => join({ ...header, jwk: JSON.parse(JWK) }, claims, byCurve(other.privateKey)),
    ],
    ['names another key', () => join({ ...header, kid: 'k2' }, claims, byCurve())],
    ['needs an extension', () => join({ ...header, crit: ['b64'], b64: false }, claims, byCurve())],
    ['was issued six minutes ago', () => join(header, { ...claims, iat: SECONDS - 360 }, byCurve())],
    ['was issued in two minutes', () => join(header, { ...claims, iat: SECONDS + 120 }, byCurve())],
    ['says no time', () => join(header, { sha }, byCurve())],
    ['says its time as text', () => join(header, { ...claims, iat: String(SECONDS) }, byCurve())],
    ['has expired', () => join(header, { ...claims, exp: SECONDS - 61 }, byCurve())],
    ['is not valid yet', () => join(header, { ...claims, nbf: SECONDS + 61 }, byCurve())],
    ['is for another body', () => join(header, { ...claims, sha: sha.replace('0', '1') }, byCurve())],
    ['is for any body', () => join(header, { iat: SECONDS }, byCurve())],
    ['has four parts', () => `${join(header, claims, byCurve())}.`],
    ['has two parts', () => `${encode(header)}.${encode(claims)}`],
    ['has padding', () => `${join(header, claims, byCurve())}==`],
    ['has a list as claims', () => join(header, [claims], byCurve())],
    ['is too long', () => join(header, { ...claims, x: 'x'.repeat(8000) }, byCurve())],
    ['is empty', () => ''],
  ])('is refused if it %s', (_, token) => {
    expect(verify(token()).ok).toBe(false)
  })

  test('is refused whatever is changed in it', () => {
    const token = join(header, claims, byCurve())
    fc.assert(
      fc.property(fc.nat(token.length - 1), fc.constantFrom(...'Aa0-_.=+ '), (at, letter) => {
        const changed = token.slice(0, at) + letter + token.slice(at + 1)
        expect(verify(changed).ok).toBe(changed === token)
      }),
      { numRuns: propertyRuns(300) },
    )
  })

  test.each([
    ['a private key', JSON.stringify(ec.privateKey.export({ format: 'jwk' }))],
    ['a key on another curve', JSON.stringify(other.publicKey.export({ format: 'jwk' }))],
    ['a symmetric key', '{"kty":"oct","k":"AAAAAAAAAAAAAAAAAAAAAA"}'],
    ['a key of encryption', JSON.stringify({ ...JSON.parse(JWK), use: 'enc' })],
    ['an address', 'https://keys.example.com/jwks.json'],
    ['JSON of something else', '{"a":"bcdefgh"}'],
  ])('has not %s as its secret', (_, secret) => {
    const env = { WEBHOOK_SOURCES: JSON.stringify({ own: { scheme: own } }), WEBHOOK_SECRET_OWN: secret }
    expect(() => webhookSources(env)).toThrow('WEBHOOK_SECRET_OWN: has not the form')
    expect(verify(join(header, claims, byCurve()), secret).ok).toBe(false)
  })

  test('with HS256 has text as its secret', () => {
    const shared: Scheme = { algorithm: 'jwt', header: 'x-token', signing: 'HS256' }
    const token = join({ alg: 'HS256' }, { iat: SECONDS }, byHmac('a shared secret'))
    expect(verify(token, 'a shared secret', [shared]).ok).toBe(true)
    expect(verify(token, 'another secret', [shared]).ok).toBe(false)
    expect(verify(join({ alg: 'HS256' }, { iat: SECONDS }, byHmac(PEM)), PEM, [shared]).ok).toBe(false)
  })

  describe('of Google', () => {
    const EMAIL = 'push@myproject.iam.gserviceaccount.com'
    const said = {
      iss: 'https://accounts.google.com',
      aud: URL_CALLED,
      email: EMAIL,
      email_verified: true,
      iat: SECONDS,
      exp: SECONDS + 3600,
    }
    const signed = (more: object = {}, kid = 'g1', key = rsa.privateKey) =>
      join({ alg: 'RS256', kid }, { ...said, ...more }, (input) => sign('sha256', input, key))

    test.each([
      ['the e-mail', EMAIL, {}],
      ['e-mail and audience', JSON.stringify({ email: EMAIL, aud: 'mine' }), { aud: 'mine' }],
      ['an audience that is one of several', EMAIL, { aud: ['other', URL_CALLED] }],
      ['the issuer without https', EMAIL, { iss: 'accounts.google.com' }],
    ])('is right by %s', (_, secret, more) => {
      expect(verify(signed(more), secret, google)).toEqual({ ok: true })
    })

    test.each([
      ['for another URL', { aud: 'https://other.example/' }],
      ['of another service account', { email: 'else@myproject.iam.gserviceaccount.com' }],
      ['of an e-mail that nobody verified', { email_verified: false }],
      ['of an e-mail that is said to be verified by text', { email_verified: 'true' }],
      ['of another issuer', { iss: 'https://accounts.example.com' }],
      ['that has expired', { exp: SECONDS - 3600 }],
      ['without an audience', { aud: undefined }],
    ])('is refused %s', (_, more) => {
      expect(verify(signed(more), EMAIL, google)).toMatchObject({ ok: false })
      expect(verify(signed(more), EMAIL, google)).not.toHaveProperty('needs')
    })

    test('with a key that is not known asks for a newer copy, if the copy is not of this moment', () => {
      const minutesAgo = (minutes: number) => NOW.getTime() - minutes * 60_000
      const newKey = signed({}, 'g2')
      expect(verify(newKey, EMAIL, google, minutesAgo(5))).toMatchObject({ needs: [{ address: GOOGLE }] })
      expect(verify(newKey, EMAIL, google, minutesAgo(1))).not.toHaveProperty('needs')
      expect(verify(signed(), EMAIL, google, minutesAgo(24 * 60 + 1))).toMatchObject({
        needs: [{ address: GOOGLE }],
      })
      const forged = signed({}, 'g1', generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey)
      expect(verify(forged, EMAIL, google, minutesAgo(5))).not.toHaveProperty('needs')
    })
  })
})
