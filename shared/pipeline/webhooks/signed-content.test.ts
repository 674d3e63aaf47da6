import { Buffer } from 'node:buffer'
import { expect, test } from 'vitest'
import { base64, hex, hmac, sha256Hex } from '#shared/testing/webhooks/web-crypto.ts'
import { providers } from './providers/providers.ts'
import { verifyWebhook } from './verify.ts'

// Providers that sign more than the body, or less.
const NOW = new Date('2026-11-21T08:00:00Z')
const SECONDS = String(NOW.getTime() / 1000)
const BODY = '{"a":1}'
const URL_CALLED = 'https://hooks.example.com/webhooks/x'

type Given = { headers: Record<string, string>; body?: string; url?: string; secrets: string[] }

function check(provider: string, { headers, body = BODY, url = URL_CALLED, secrets }: Given) {
  const schemes = providers[provider]?.schemes ?? []
  const bytes = Buffer.from(body)
  return verifyWebhook({ method: 'POST', url, headers, body: bytes, schemes, secrets, now: NOW })
}

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

test('Twilio counts equal values of one name once, and a form must be UTF-8', async () => {
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
