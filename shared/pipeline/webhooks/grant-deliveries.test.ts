import { expect, test } from 'vitest'
import { grantDeliveries } from './grant-deliveries.ts'

test('whoever asks whether it may deliver is granted its origin', () => {
  const asked = { 'webhook-request-origin': 'eventemitter.example.com' }
  const headers = { allow: 'POST, OPTIONS', 'webhook-allowed-origin': 'eventemitter.example.com' }
  expect(grantDeliveries(asked)).toEqual({ status: 200, headers })
})

test('a rate is answered where one is asked for', () => {
  const asked = { 'webhook-request-origin': 'a.example', 'webhook-request-rate': '120' }
  expect(grantDeliveries(asked).headers).toMatchObject({ 'webhook-allowed-rate': '*' })
})

test('an origin that could break a header is refused', () => {
  for (const origin of ['', 'a b', 'a\r\nset-cookie: x', 'é.example', 'a'.repeat(254)])
    expect(() => grantDeliveries({ 'webhook-request-origin': origin })).toThrow('must be a DNS name')
})

test('a request without an origin, such as a browser’s preflight, is told what is allowed', () => {
  expect(grantDeliveries({})).toEqual({ status: 204, headers: { allow: 'POST, OPTIONS' } })
})
