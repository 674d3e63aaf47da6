import { expect, test } from 'vitest'
import { publicUrl } from './public-url.ts'

const request = { path: '/webhooks/twilio', rawQuery: 'a=1&b=%20', headers: { host: 'localhost:3000' } }

test('the configured URL wins, with or without a slash at its end', () => {
  const headers = { host: 'evil.example', 'x-forwarded-host': 'evil.example' }
  for (const configured of ['https://api.example.com/v1', 'https://api.example.com/v1/'])
    expect(publicUrl(configured, { ...request, headers })).toBe(
      'https://api.example.com/v1/webhooks/twilio?a=1&b=%20',
    )
})

test('without one, the headers of the proxies and of the sender are believed', () => {
  expect(publicUrl('', { ...request, rawQuery: '' })).toBe('http://localhost:3000/webhooks/twilio')
  const headers = {
    host: '127.0.0.1',
    'x-forwarded-proto': 'https, http',
    'x-forwarded-host': 'abc.example',
  }
  expect(publicUrl(undefined, { ...request, headers })).toBe('https://abc.example/webhooks/twilio?a=1&b=%20')
})
