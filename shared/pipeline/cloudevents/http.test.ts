import { describe, expect, it } from 'vitest'
import { Refusal } from '#shared/core/refusal.ts'
import { MINIMAL } from '#shared/testing/cloudevents/conformance-cases.ts'
import {
  decodeHeaderValue,
  decodeHttp,
  encodeHeaderValue,
  encodeHttpBinary,
  encodeHttpStructured,
  type HttpHeaders,
  httpMode,
} from './http.ts'

const BINARY = {
  'ce-specversion': '1.0',
  'ce-id': '1',
  'ce-source': 'https://example.com',
  'ce-type': 'com.example.test',
}

const decode = (headers: HttpHeaders, body: string | Uint8Array = '') =>
  decodeHttp({ headers, body: Buffer.from(body) })

const errorOf = (headers: HttpHeaders, body: string | Uint8Array = ''): Refusal => {
  try {
    decode(headers, body)
  } catch (error) {
    if (error instanceof Refusal) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('decodeHttp in structured and batch mode', () => {
  it.each([
    'application/cloudevents+json',
    'application/cloudevents+json; charset=utf-8',
    'Application/CloudEvents+JSON;charset="UTF-8"',
  ])('reads one event as %s', (contentType) => {
    const decoded = decode(
      { 'content-type': contentType },
      JSON.stringify({ ...MINIMAL, data: { message: 'Hello' } }),
    )

    expect(decoded).toEqual({ mode: 'structured', event: { ...MINIMAL, data: { message: 'Hello' } } })
  })

  it('ignores attributes in headers, because those of the body are used', () => {
    const headers = { ...BINARY, 'ce-id': '%', 'content-type': 'application/cloudevents+json' }

    expect(decode(headers, JSON.stringify(MINIMAL))).toEqual({ mode: 'structured', event: MINIMAL })
  })

  it('reads a batch, and an empty one', () => {
    const headers = { 'content-type': 'application/cloudevents-batch+json; charset=UTF-8' }

    expect(decode(headers, JSON.stringify([MINIMAL]))).toEqual({ mode: 'batch', events: [MINIMAL] })
    expect(decode(headers, '[]')).toEqual({ mode: 'batch', events: [] })
  })

  it.each([
    'application/cloudevents+avro',
    'application/cloudevents',
    'application/cloudevents-batch+xml',
    'application/cloudevents+json; charset=latin1',
  ])('refuses %s as unsupported', (contentType) => {
    expect(errorOf({ 'content-type': contentType }, '{}').code).toBe('unsupported_media_type')
  })

  it('refuses an empty body as malformed', () => {
    expect(errorOf({ 'content-type': 'application/cloudevents+json' }).code).toBe('malformed')
  })

  it('refuses a message without an event, and returns the mode none', () => {
    expect(errorOf({ 'content-type': 'application/json' }, '{}').code).toBe('unsupported_media_type')
    expect(httpMode({ 'content-type': 'application/json' })).toBe('none')
    expect(httpMode({ 'ce-type': 't' })).toBe('binary')
  })
})

describe('encoding for HTTP', () => {
  it('escapes attributes, and declares the media type that JSON data implies', () => {
    const { headers, body } = encodeHttpBinary({
      ...MINIMAL,
      subject: 'a "é"',
      count: 5,
      flag: true,
      data: 'text',
    })

    expect(headers).toEqual({
      ...BINARY,
      'ce-subject': 'a%20%22%C3%A9%22',
      'ce-count': '5',
      'ce-flag': 'true',
      'content-type': 'application/json',
    })
    expect(body.toString()).toBe('"text"')
  })

  it('writes an event without data as an empty body without a content type', () => {
    expect(encodeHttpBinary(MINIMAL)).toEqual({ headers: BINARY, body: Buffer.alloc(0) })
  })

  it('refuses to write text in a charset it does not know, or text that is not well-formed', () => {
    const latin1 = { ...MINIMAL, datacontenttype: 'text/plain; charset=latin1', data: 'é' }
    const half = { ...MINIMAL, datacontenttype: 'text/plain', data: '\ud800' }

    expect(() => encodeHttpBinary(latin1)).toThrow(Refusal)
    expect(() => encodeHttpBinary(half)).toThrow(Refusal)
    expect(decodeHttp(encodeHttpStructured(half))).toEqual({ mode: 'structured', event: half })
  })
})

describe('encodeHeaderValue', () => {
  it.each([
    ['Euro € 😀', 'Euro%20%E2%82%AC%20%F0%9F%98%80'],
    ['say "100%"', 'say%20%22100%25%22'],
    ["!#$&'()*+,-./:;<=>?@[\\]^_`{|}~", "!#$&'()*+,-./:;<=>?@[\\]^_`{|}~"],
    ['\u007f\u00a0', '%7F%C2%A0'],
    ['', ''],
  ])('writes %j as %j', (text, value) => {
    expect(encodeHeaderValue(text)).toBe(value)
    expect(decodeHeaderValue(value)).toBe(text)
  })
})

describe('decodeHeaderValue', () => {
  it.each([
    ['lower-case digits', '%e2%82%ac', '€'],
    ['escapes that were not needed', '%41b%63', 'Abc'],
    ['only one round of escapes', '%2541', '%41'],
    ['spaces of older writers', 'two words', 'two words'],
    ['space around the value', '  a ', 'a'],
    ['a quoted string', '"two words"', 'two words'],
    ['escapes in a quoted string', '"a \\"b\\" \\\\ c"', 'a "b" \\ c'],
    ['percent escapes in a quoted string', '"%E2%82%AC 5"', '€ 5'],
    ['an empty quoted string', '""', ''],
  ])('reads %s', (_title, value, text) => {
    expect(decodeHeaderValue(value)).toBe(text)
  })

  it.each([
    ['an overlong form', '%C0%A0'],
    ['half a character', '%E2%82'],
    ['a surrogate', '%ED%A0%80'],
    ['a byte that UTF-8 has not', '%FF'],
    ['an incomplete escape', '100%'],
    ['an escape that is no number', '%zz'],
    ['raw letters beyond ASCII', 'é'],
    ['a tab', 'a\tb'],
    ['a no-break space at the end', 'a\u00a0'],
    ['a quote that does not close', '"a'],
    ['a quote within', 'a"b"'],
    ['text after a quoted string', '"a" b'],
    ['an escaped quote at the end', '"a\\"'],
  ])('refuses %s', (_title, value) => {
    expect(decodeHeaderValue(value)).toBeUndefined()
  })
})
