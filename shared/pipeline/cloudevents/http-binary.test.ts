import { describe, expect, it } from 'vitest'
import { Refusal } from '#shared/core/refusal.ts'
import { MINIMAL } from '#shared/testing/cloudevents/conformance-cases.ts'
import { decodeHttp, type HttpHeaders } from './http.ts'

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

describe('decodeHttp in binary mode', () => {
  it.each(['application/json', 'application/json; charset=utf-8', 'application/vnd.example+json'])(
    'reads data of %s by value',
    (contentType) => {
      const decoded = decode({ ...BINARY, 'content-type': contentType }, ' {"message": "Hello World!"} ')

      expect(decoded).toEqual({
        mode: 'binary',
        event: { ...MINIMAL, datacontenttype: contentType, data: { message: 'Hello World!' } },
      })
    },
  )

  it.each([
    ['text/plain', '\ufeffgrüß\r\n', { data: '\ufeffgrüß\r\n' }],
    ['application/xml', '<a/>', { data: '<a/>' }],
    ['image/svg+xml', '<svg/>', { data: '<svg/>' }],
    ['text/plain', Buffer.from([0xff]), { data_base64: '/w==' }],
    ['text/plain; charset=iso-8859-1', Buffer.from([0xe9]), { data_base64: '6Q==' }],
    ['image/png', Buffer.from([0, 1, 2]), { data_base64: 'AAEC' }],
    ['application/json', '', {}],
    ['text/plain', '', {}],
  ])('reads the body of %s as %j', (contentType, body, data) => {
    const decoded = decode({ ...BINARY, 'content-type': contentType }, body)

    expect(decoded).toEqual({ mode: 'binary', event: { ...MINIMAL, datacontenttype: contentType, ...data } })
  })

  it('reads a body without a content type as bytes', () => {
    expect(decode(BINARY, '{}')).toEqual({ mode: 'binary', event: { ...MINIMAL, data_base64: 'e30=' } })
  })

  it('keeps attributes as decoded strings and ignores other headers', () => {
    const headers = {
      ...BINARY,
      'ce-subject': 'caf%C3%A9',
      'ce-count': '5',
      'ce-flag': 'true',
      'x-request-id': '7',
    }

    expect(decode({ ...headers, 'ce-unset': undefined })).toEqual({
      mode: 'binary',
      event: { ...MINIMAL, subject: 'café', count: '5', flag: 'true' },
    })
  })

  it('refuses headers that must not be there, and reports every fault', () => {
    const error = errorOf(
      {
        ...BINARY,
        'ce-id': undefined,
        'ce-datacontenttype': 'text/plain',
        'ce-data': 'x',
        'ce-data_base64': 'x',
        'ce-my-ext': 'x',
        'ce-__proto__': 'x',
        'ce-subject': '%FF',
        'ce-time': 'noon',
        'content-type': 'application/json',
      },
      '{',
    )

    expect(error.code).toBe('malformed')
    expect(error.faults.map(({ pointer }) => pointer).sort()).toEqual([
      '/__proto__',
      '/data',
      '/data',
      '/data_base64',
      '/datacontenttype',
      '/id',
      '/my-ext',
      '/subject',
      '/time',
    ])
  })

  it('refuses a required attribute that is missing as an invalid event', () => {
    expect(errorOf({ ...BINARY, 'ce-id': undefined })).toMatchObject({
      code: 'invalid_event',
      faults: [{ pointer: '/id' }],
    })
  })

  it('refuses JSON that is not UTF-8', () => {
    const json = { ...BINARY, 'content-type': 'application/json' }

    expect(errorOf(json, Buffer.from([0x22, 0xff, 0x22]))).toMatchObject({ code: 'malformed' })
    expect(errorOf({ ...json, 'content-type': 'application/json; charset=utf-16' }, '{}')).toMatchObject({
      code: 'unsupported_media_type',
      faults: [{ pointer: '/datacontenttype' }],
    })
  })

  it('lets the caller complete missing attributes', () => {
    const headers = { 'ce-type': 'com.example.test' }

    const decoded = decodeHttp({ headers, body: Buffer.alloc(0) }, (draft) => ({ ...MINIMAL, ...draft }))

    expect(decoded).toEqual({ mode: 'binary', event: MINIMAL })
  })
})
