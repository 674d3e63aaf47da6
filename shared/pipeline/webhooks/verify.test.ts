import { Buffer } from 'node:buffer'
import { describe, expect, test } from 'vitest'
import { base64, ed25519, fromBase64, hex, hmac, sha256Hex } from '#shared/testing/webhooks/web-crypto.ts'
import { localKeyPair } from './keys/local-keys.ts'
import { providers } from './providers/providers.ts'
import type { Scheme } from './scheme.ts'
import { webhookSources } from './sources.ts'
import { verifyWebhook } from './verify.ts'

const NOW = new Date('2026-11-21T08:00:00Z')
const SECONDS = String(NOW.getTime() / 1000)
const BODY = '{"a":1}'
const URL_CALLED = 'https://hooks.example.com/webhooks/x'

type Given = { headers: Record<string, string>; body?: string; url?: string; secrets: string[] }

function check(
  schemes: string | readonly Scheme[],
  { headers, body = BODY, url = URL_CALLED, secrets }: Given,
) {
  const used = typeof schemes === 'string' ? (providers[schemes]?.schemes ?? []) : schemes
  const bytes = Buffer.from(body)
  return verifyWebhook({ method: 'POST', url, headers, body: bytes, schemes: used, secrets, now: NOW })
}

describe('signatures', () => {
  test('all of several signatures in one header are checked, because senders add them during a rotation', async () => {
    const good = hex(await hmac('SHA-256', 's', `${SECONDS}.${BODY}`))
    const stripe = { 'stripe-signature': `t=${SECONDS},v1=${'0'.repeat(64)},v1=${good},v0=${good}` }
    expect(check('stripe', { headers: stripe, secrets: ['s'] }).ok).toBe(true)
    const body = hex(await hmac('SHA-256', 's', BODY))
    const pagerduty = { 'x-pagerduty-signature': `v1=${'0'.repeat(64)},v1=${body}` }
    expect(check('pagerduty', { headers: pagerduty, secrets: ['s'] }).ok).toBe(true)
    const standard = base64(await hmac('SHA-256', 's', `m.${SECONDS}.${BODY}`))
    const headers = { 'webhook-id': 'm', 'webhook-timestamp': SECONDS }
    const list = { ...headers, 'webhook-signature': `v1,AAAA v2,x v1,${standard}` }
    expect(check('standard-webhooks', { headers: list, secrets: ['s'] }).ok).toBe(true)
  })

  test('a header that a proxy joined from two is refused', async () => {
    const good = `sha256=${hex(await hmac('SHA-256', 's', BODY))}`
    const joined = (signature: string) =>
      check('github', { headers: { 'x-hub-signature-256': signature }, secrets: ['s'] })
    expect(joined(good).ok).toBe(true)
    expect(joined(`${good}, ${good}`).ok).toBe(false)
    expect(joined(`${good},${good}`).ok).toBe(false)
    const v1 = hex(await hmac('SHA-256', 's', `${SECONDS}.${BODY}`))
    const twice = { 'stripe-signature': `t=${SECONDS},v1=${v1},t=${SECONDS},v1=${v1}` }
    expect(check('stripe', { headers: twice, secrets: ['s'] })).toMatchObject({
      reason: 'The signature names its time twice.',
    })
  })

  test('a header that is too long or has too many signatures is refused unread', async () => {
    const v1 = hex(await hmac('SHA-256', 's', BODY))
    const many = { 'x-pagerduty-signature': Array.from({ length: 17 }, () => `v1=${v1}`).join(',') }
    expect(check('pagerduty', { headers: many, secrets: ['s'] })).toMatchObject({
      reason: expect.stringContaining('too many'),
    })
    const long = { 'x-pagerduty-signature': `x=${'0'.repeat(5000)},v1=${v1}` }
    expect(check('pagerduty', { headers: long, secrets: ['s'] })).toMatchObject({
      reason: expect.stringContaining('too long'),
    })
  })

  test('a signature has only one text: base64 and hex must be canonical', async () => {
    const good = base64(await hmac('SHA-256', 's', BODY))
    const shopify = (text: string) =>
      check('shopify', { headers: { 'x-shopify-hmac-sha256': text }, secrets: ['s'] }).ok
    const last = good.at(-2) ?? ''
    const loose = `${good.slice(0, -2)}${String.fromCharCode(last.charCodeAt(0) + 1)}=`
    expect(Buffer.from(loose, 'base64').equals(Buffer.from(good, 'base64'))).toBe(true)
    expect([shopify(good), shopify(loose), shopify(good.slice(0, -1)), shopify(` ${good}`)]).toEqual([
      true,
      false,
      false,
      false,
    ])
    const text = hex(await hmac('SHA-256', 's', BODY))
    const sentry = (given: string) =>
      check('sentry', { headers: { 'sentry-hook-signature': given }, secrets: ['s'] }).ok
    const mixed = text.replace(/[a-f]/, (letter) => letter.toUpperCase())
    expect([sentry(text), sentry(text.toUpperCase()), sentry(mixed)]).toEqual([true, true, false])
  })

  test('the timestamp must have the format of the scheme', async () => {
    for (const time of [`+${SECONDS}`, ` ${SECONDS}`, `${SECONDS}.0`, '1e9', NOW.toISOString(), '']) {
      const v0 = hex(await hmac('SHA-256', 's', `v0:${time}:${BODY}`))
      const headers = { 'x-slack-request-timestamp': time, 'x-slack-signature': `v0=${v0}` }
      expect(check('slack', { headers, secrets: ['s'] }).ok).toBe(false)
    }
  })
})

describe('secrets', () => {
  test('a secret with whsec_ is base64, other text is the key itself', async () => {
    const key = new Uint8Array(32).fill(7)
    const signed = base64(await hmac('SHA-256', key, `m.${SECONDS}.${BODY}`))
    const headers = { 'webhook-id': 'm', 'webhook-timestamp': SECONDS, 'webhook-signature': `v1,${signed}` }
    expect(check('standard-webhooks', { headers, secrets: [`whsec_${base64(key)}`] }).ok).toBe(true)
    expect(check('standard-webhooks', { headers, secrets: [`v1,whsec_${base64(key)}`] }).ok).toBe(true)
    expect(check('standard-webhooks', { headers, secrets: [base64(key)] }).ok).toBe(false)
  })

  test('no part of a secret with a comma opens the source', async () => {
    const secret = `v1,whsec_${base64(new Uint8Array(32).fill(7))}`
    const secrets = [...(webhookSources({ WEBHOOK_SECRET_SVIX: secret }).get('svix')?.secrets ?? [])]
    expect(secrets).toEqual([secret])
    for (const part of ['v1', secret.slice('v1,'.length), secret, '']) {
      const key = part === '' ? new Uint8Array(1) : part
      const signed = base64(await hmac('SHA-256', key, `m.${SECONDS}.${BODY}`))
      const headers = { 'svix-id': 'm', 'svix-timestamp': SECONDS, 'svix-signature': `v1,${signed}` }
      expect(check('svix', { headers, secrets }).ok).toBe(false)
    }
  })

  test('a public key is never used as an HMAC key or a token, because then anyone could sign', async () => {
    const { publicKey } = localKeyPair('x')
    const whpk = `whpk_${base64(fromBase64(Buffer.from(publicKey.slice(8), 'hex').toString('base64')))}`
    for (const secret of [publicKey, whpk]) {
      const signed = base64(await hmac('SHA-256', secret, `m.${SECONDS}.${BODY}`))
      const headers = { 'webhook-id': 'm', 'webhook-timestamp': SECONDS, 'webhook-signature': `v1,${signed}` }
      expect(check('standard-webhooks', { headers, secrets: [secret] }).ok).toBe(false)
      expect(check('gitlab', { headers: { 'x-gitlab-token': secret }, secrets: [secret] }).ok).toBe(false)
      const signature = base64(await ed25519('x', `m.${SECONDS}.${BODY}`))
      const asymmetric = { ...headers, 'webhook-signature': `v1a,${signature}` }
      expect(check('standard-webhooks', { headers: asymmetric, secrets: [secret] }).ok).toBe(true)
    }
  })

  test('an HMAC secret that looks like hex is not a public key for Standard Webhooks', async () => {
    const publicKey = localKeyPair('x').publicKey.slice('ed25519:'.length)
    const signature = base64(await ed25519('x', `m.${SECONDS}.${BODY}`))
    const headers = {
      'webhook-id': 'm',
      'webhook-timestamp': SECONDS,
      'webhook-signature': `v1a,${signature}`,
    }
    expect(check('standard-webhooks', { headers, secrets: [publicKey] }).ok).toBe(false)
  })
})

test('any other token, basic or HMAC scheme can be configured', async () => {
  const bearer: Scheme = { algorithm: 'token', header: 'authorization', prefix: 'Bearer ' }
  expect(check([bearer], { headers: { authorization: 'Bearer s' }, secrets: ['s'] }).ok).toBe(true)
  expect(check([bearer], { headers: { authorization: 's' }, secrets: ['s'] }).ok).toBe(false)
  const basic: Scheme = { algorithm: 'basic' }
  const authorization = `Basic ${btoa('user:pass')}`
  expect(check([basic], { headers: { authorization }, secrets: ['user:pass'] }).ok).toBe(true)
  expect(check([basic], { headers: { authorization }, secrets: ['user:past'] }).ok).toBe(false)
  const own: Scheme = {
    algorithm: 'hmac-sha512',
    signature: { header: 'x-acme', prefix: 'v9:' },
    encoding: 'base64',
    content: '{method}|{header:x-acme-id}|{field:/a}|{body-sha256}',
    key: 'hex',
  }
  const content = `POST|7|1|${await sha256Hex(BODY)}`
  const signed = base64(await hmac('SHA-512', new Uint8Array([1, 2, 3]), content))
  const headers = { 'x-acme': `v9:${signed}`, 'x-acme-id': '7' }
  expect(check([own], { headers, secrets: ['010203'] }).ok).toBe(true)
  expect(check([own], { headers: { ...headers, 'x-acme-id': '8' }, secrets: ['010203'] }).ok).toBe(false)
})

test('a refusal names what is missing, and never the expected value', async () => {
  const right = hex(await hmac('SHA-256', 'local-secret', BODY))
  const refused = check('github', {
    headers: { 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` },
    secrets: ['local-secret'],
  })
  expect(refused).toEqual({ ok: false, reason: 'No configured secret matches the signature.' })
  expect(JSON.stringify(refused)).not.toContain(right)
  expect(check('github', { headers: {}, secrets: ['s'] })).toEqual({
    ok: false,
    reason: 'The header "x-hub-signature-256" is missing.',
  })
})

describe('the content of providers that sign more than the body, or less', () => {
  test('Twilio signs JSON by its digest in the URL; neither the body nor the digest can be dropped', async () => {
    const digest = await sha256Hex(BODY)
    const url = `${URL_CALLED}?bodySHA256=${digest}`
    const headers = {
      'content-type': 'application/json',
      'x-twilio-signature': base64(await hmac('SHA-1', 's', url)),
    }
    const form = { ...headers, 'content-type': 'application/x-www-form-urlencoded' }
    expect(check('twilio', { headers, url, secrets: ['s'] }).ok).toBe(true)
    expect(check('twilio', { headers, url, body: '{"a":2}', secrets: ['s'] }).ok).toBe(false)
    expect(check('twilio', { headers, url, body: '', secrets: ['s'] }).ok).toBe(false)
    expect(check('twilio', { headers: form, url, body: '', secrets: ['s'] }).ok).toBe(false)
    const bare = { ...headers, 'x-twilio-signature': base64(await hmac('SHA-1', 's', URL_CALLED)) }
    expect(check('twilio', { headers: bare, secrets: ['s'] }).ok).toBe(false)
  })

  test('Twilio signs equal values of one name once, and a form must be UTF-8', async () => {
    const signed = base64(await hmac('SHA-1', 's', `${URL_CALLED}MediaUrl1MediaUrl2`))
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'x-twilio-signature': signed }
    const body = 'MediaUrl=2&MediaUrl=1&MediaUrl=2'
    expect(check('twilio', { headers, body, secrets: ['s'] }).ok).toBe(true)
    const replaced = base64(await hmac('SHA-1', 's', `${URL_CALLED}A\ufffd`))
    const lossy = { ...headers, 'x-twilio-signature': replaced }
    expect(check('twilio', { headers: lossy, body: 'A=%ff', secrets: ['s'] }).ok).toBe(false)
    expect(check('twilio', { headers: lossy, body: 'A=%EF%BF%BD', secrets: ['s'] }).ok).toBe(true)
  })

  test('HubSpot signs the URL with some of its escapes undone', async () => {
    const ms = String(NOW.getTime())
    const called = `${URL_CALLED}?to=a%40b.example%2Cc&q=%20`
    const signed = `${URL_CALLED}?to=a@b.example,c&q=%20`
    const headers = {
      'x-hubspot-request-timestamp': ms,
      'x-hubspot-signature-v3': base64(await hmac('SHA-256', 's', `POST${signed}${BODY}${ms}`)),
    }
    expect(check('hubspot', { headers, url: called, secrets: ['s'] }).ok).toBe(true)
  })

  test('Mailgun signs forms as it signs JSON', async () => {
    const signature = hex(await hmac('SHA-256', 's', `${SECONDS}tok`))
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const body = `timestamp=${SECONDS}&token=tok&signature=${signature}&recipient=a%40example.com`
    expect(check('mailgun', { headers, body, secrets: ['s'] }).ok).toBe(true)
    expect(check('mailgun', { headers, body: body.replace('tok', 'tak'), secrets: ['s'] }).ok).toBe(false)
  })
})
