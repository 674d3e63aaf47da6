import { describe, expect, test } from 'vitest'
import { keyRequest, readIdempotencyKey } from './idempotency-key.ts'

const message = (body: string, headers: Record<string, string> = {}) => ({
  body: Buffer.from(body),
  headers: { 'content-type': 'application/json', ...headers },
})
const fingerprint = (body: string, headers?: Record<string, string>) =>
  keyRequest('ada', 'k', message(body, headers)).binding.fingerprint

describe('the header', () => {
  test.each([
    ['"8e03978e-40d5-43dd-bc93-6894a57f9324"', '8e03978e-40d5-43dd-bc93-6894a57f9324'],
    ['"a \\"quoted\\" \\\\ one"', 'a "quoted" \\ one'],
    [`"${'k'.repeat(256)}"`, 'k'.repeat(256)],
    ['8e03978e-40d5-43dd-bc93-6894a57f9324', '8e03978e-40d5-43dd-bc93-6894a57f9324'],
    [' "padded" ', 'padded'],
    [' padded ', 'padded'],
    ['order/1:a+b=c_d.e~f', 'order/1:a+b=c_d.e~f'],
    // What structured fields would read as bytes, a number or a truth is text here, because the sender means a key.
    [':YWJj:', ':YWJj:'],
    ['12', '12'],
    ['?1', '?1'],
    ["'a'", "'a'"],
    ['a\\b', 'a\\b'],
    ['"a\\\\b"', 'a\\b'],
    ['"a, b; c"', 'a, b; c'],
    ['k'.repeat(256), 'k'.repeat(256)],
    [undefined, undefined],
  ])('%j reads %j', (header, key) => {
    expect(readIdempotencyKey(header)).toBe(key)
  })

  test.each([
    '',
    ' ',
    'a b',
    'a,b',
    'a;b=1',
    'a"b',
    'a"',
    '"a";b=1',
    'ü',
    'a\tb',
    'k'.repeat(257),
    '""',
    '"open',
    '"a" "b"',
    '"a", "b"',
    '"\\x"',
    '"ü"',
    '"a\tb"',
    `"${'k'.repeat(257)}"`,
  ])('%j is refused', (header) => {
    expect(() => readIdempotencyKey(header)).toThrow(expect.objectContaining({ code: 'malformed' }))
  })
})

test.each(['"a","a"', 'a,b', '"a, b", "c"'])(
  'the refusal of %s says that it came several times',
  (header) => {
    expect(() => readIdempotencyKey(header)).toThrow('The header "idempotency-key" came several times')
  },
)

describe('the ids of a request', () => {
  const idsOf = (credential: string, key: string) => {
    const { newId } = keyRequest(credential, key, message('{}'))
    return [newId(), newId()]
  }

  test('are the same again for the same credential and key, and differ within a batch', () => {
    expect(idsOf('ada', 'k')).toEqual(idsOf('ada', 'k'))
    expect(new Set(idsOf('ada', 'k')).size).toBe(2)
  })

  test('differ for another credential and another key', () => {
    expect(new Set([...idsOf('ada', 'k'), ...idsOf('bob', 'k'), ...idsOf('ada', 'l')]).size).toBe(6)
    expect(idsOf('a', 'b-c')).not.toEqual(idsOf('a-b', 'c'))
  })
})

describe('the fingerprint', () => {
  test('is that of the bytes, the media type and the CloudEvents headers, in any order', () => {
    const headers = { 'ce-id': '1', 'ce-type': 't' }
    expect(fingerprint('a', headers)).toBe(
      fingerprint('a', { 'ce-type': 't', 'ce-id': '1', traceparent: 'x' }),
    )
    const others = [
      fingerprint('b', headers),
      fingerprint('a', { ...headers, 'ce-type': 'u' }),
      fingerprint('a', { ...headers, 'content-type': 'text/plain' }),
    ]
    expect(others).not.toContain(fingerprint('a', headers))
  })
})
