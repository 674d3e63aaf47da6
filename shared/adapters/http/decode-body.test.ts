import { Buffer } from 'node:buffer'
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ACCEPT_LIMITS } from '#shared/core/limits.ts'
import { decodeBody } from './decode-body.ts'

const text = Buffer.from('{"type":"tests.made","data":"\u00fc"}')
const decode = (encoding: string | undefined, body: Uint8Array) =>
  decodeBody({ headers: { 'content-type': 'application/json', 'content-encoding': encoding }, body })
const codeOf = (run: () => unknown) => {
  try {
    run()
    return 'none'
  } catch (error) {
    return (error as { code?: string }).code
  }
}

const CODINGS = [
  ['gzip', gzipSync],
  ['x-gzip', gzipSync],
  ['deflate', deflateSync],
  ['deflate', deflateRawSync],
  ['br', brotliCompressSync],
] as const

describe.each(CODINGS)('a body of the coding %s', (coding, compress) => {
  test.each([coding, coding.toUpperCase(), ` ${coding} `, `identity, ${coding}`, `,${coding},`])(
    'is decoded, as %j',
    (header) => {
      const { body, headers } = decode(header, compress(text))
      expect([Buffer.from(body), headers]).toEqual([text, { 'content-type': 'application/json' }])
    },
  )

  test('is any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => {
        const compressed = compress(bytes)
        expect([...decode(coding, compressed).body]).toEqual([...bytes])
      }),
    )
  })

  test('that is cut off, damaged or followed by other data is malformed', () => {
    const whole = compress(Buffer.alloc(5000, 'abc\u00fc'))
    for (let length = 1; length < whole.length; length++)
      expect(codeOf(() => decode(coding, whole.subarray(0, length)))).toBe('malformed')
    expect(codeOf(() => decode(coding, Buffer.concat([whole, Buffer.from('{}')])))).toBe('malformed')
    expect(codeOf(() => decode(coding, text))).toBe('malformed')
  })

  test('that becomes more than a body may have is too large, and the limit itself is not', () => {
    const { bodyBytes } = ACCEPT_LIMITS
    expect(decode(coding, compress(Buffer.alloc(bodyBytes))).body.length).toBe(bodyBytes)
    expect(codeOf(() => decode(coding, compress(Buffer.alloc(bodyBytes + 1))))).toBe('too_large')
    expect(codeOf(() => decode(coding, compress(Buffer.alloc(5 * bodyBytes))))).toBe('too_large')
    expect(codeOf(() => decode(coding, Buffer.alloc(bodyBytes + 1)))).toBe('too_large')
  })
})

test.each(['gzip', 'zstd'])('without a body the coding %s means nothing', (coding) => {
  expect(decode(coding, Buffer.alloc(0)).body.length).toBe(0)
})

test('several codings are undone in the reverse order, and more than two are refused', () => {
  const twice = brotliCompressSync(gzipSync(text))

  expect(Buffer.from(decode('gzip, br', twice).body)).toEqual(text)
  expect(Buffer.from(decode('gzip,identity,br', twice).body)).toEqual(text)
  expect(codeOf(() => decode('br, gzip', twice))).toBe('malformed')
  expect(codeOf(() => decode('gzip, gzip, gzip', twice))).toBe('unsupported_encoding')
})

test('each coding of several is limited', () => {
  const bomb = gzipSync(gzipSync(Buffer.alloc(20 * ACCEPT_LIMITS.bodyBytes)))
  expect(codeOf(() => decode('gzip, gzip', bomb))).toBe('too_large')
})

test.each(['zstd', 'compress', 'aws-chunked', 'utf-8', 'gzip, zstd', 'base64'])('%s is refused', (coding) => {
  expect(codeOf(() => decode(coding, text))).toBe('unsupported_encoding')
})

test.each([undefined, '', 'identity', 'Identity', ' , '])('with %j a body is what was sent', (header) => {
  expect(decode(header, text).body).toBe(text)
})
