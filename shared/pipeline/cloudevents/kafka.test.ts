import { describe, expect, it } from 'vitest'
import { Refusal } from '#shared/core/refusal.ts'
import { MINIMAL } from '#shared/testing/cloudevents/conformance-cases.ts'
import { decodeKafka, encodeKafkaBinary, encodeKafkaStructured } from './kafka.ts'

type Headers = Readonly<Record<string, string | Uint8Array>> | readonly (readonly [string, string])[]

const BINARY = {
  ce_specversion: '1.0',
  ce_id: '1',
  ce_source: 'https://example.com',
  ce_type: 'com.example.test',
}

const recordOf = (headers: Headers, value: string | Uint8Array | null = null) => ({
  key: Buffer.from('key'),
  value: value === null ? null : Buffer.from(value),
  headers: (Array.isArray(headers) ? headers : Object.entries(headers)).map(([name, text]) => ({
    name: String(name),
    value: Buffer.from(text),
  })),
})

const errorOf = (headers: Headers, value: string | Uint8Array | null = null): Refusal => {
  try {
    decodeKafka(recordOf(headers, value))
  } catch (error) {
    if (error instanceof Refusal) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('decodeKafka in structured mode', () => {
  it.each(['application/cloudevents+json', 'application/cloudevents+json; charset=utf-8'])(
    'reads %s',
    (contentType) => {
      const record = recordOf({ 'content-type': contentType }, JSON.stringify({ ...MINIMAL, data: { a: 1 } }))

      expect(decodeKafka(record)).toEqual({ ...MINIMAL, data: { a: 1 } })
    },
  )

  it('reads a value in the JSON format without headers', () => {
    expect(decodeKafka(recordOf({ trace: 'x' }, JSON.stringify(MINIMAL)))).toEqual(MINIMAL)
  })

  it('does not add the key to the event', () => {
    expect(decodeKafka(recordOf({}, JSON.stringify(MINIMAL)))).not.toHaveProperty('partitionkey')
  })

  it.each([
    ['a tombstone', {}, null],
    ['a tombstone of a structured topic', { 'content-type': 'application/cloudevents+json' }, null],
    ['an empty value', {}, ''],
    ['bytes that are no JSON', {}, Buffer.from([0, 1, 255])],
  ])('refuses %s as malformed', (_title, headers, value) => {
    expect(errorOf(headers, value).code).toBe('malformed')
  })

  it('refuses JSON that is not an event', () => {
    expect(errorOf({}, '{"a":1}')).toMatchObject({ code: 'invalid_event' })
  })

  it.each(['application/cloudevents+avro', 'application/cloudevents-batch+json'])(
    'refuses %s',
    (contentType) => {
      expect(errorOf({ 'content-type': contentType }, '[]').code).toBe('unsupported_media_type')
    },
  )
})

describe('decodeKafka in binary mode', () => {
  it('reads attributes as UTF-8 text without escapes', () => {
    const record = recordOf({ ...BINARY, ce_subject: '\ufeff100% é 😀', ce_count: '5' })

    expect(decodeKafka(record)).toEqual({ ...MINIMAL, subject: '\ufeff100% é 😀', count: '5' })
  })

  it.each([
    ['application/json', '{"a":1}', { data: { a: 1 } }],
    ['application/json', '', {}],
    ['text/plain', '', { data: '' }],
    ['text/plain', null, {}],
    ['image/png', '', { data_base64: '' }],
    ['image/png', Buffer.from([255]), { data_base64: '/w==' }],
  ])('reads a value of %s: %j', (contentType, value, data) => {
    const record = recordOf({ ...BINARY, 'content-type': contentType }, value)

    expect(decodeKafka(record)).toEqual({ ...MINIMAL, datacontenttype: contentType, ...data })
  })

  it('reads Content-Type in any case, and ce_datacontenttype if it is the same', () => {
    const event = { ...MINIMAL, datacontenttype: 'text/plain', data: 'a' }

    expect(decodeKafka(recordOf({ ...BINARY, 'Content-Type': 'text/plain' }, 'a'))).toEqual(event)
    expect(decodeKafka(recordOf({ ...BINARY, ce_datacontenttype: 'text/plain' }, 'a'))).toEqual(event)
    expect(
      decodeKafka(
        recordOf({ ...BINARY, ce_datacontenttype: 'text/plain', 'content-type': 'text/plain' }, 'a'),
      ),
    ).toEqual(event)
    expect(
      errorOf({ ...BINARY, ce_datacontenttype: 'text/html', 'content-type': 'text/plain' }, 'a').faults,
    ).toMatchObject([{ pointer: '/datacontenttype' }])
  })

  it('accepts a repeated header if its values are equal', () => {
    const headers = Object.entries(BINARY)

    expect(decodeKafka(recordOf([...headers, ['ce_id', '1']]))).toEqual(MINIMAL)
    expect(errorOf([...headers, ['ce_id', '2']]).faults).toMatchObject([{ pointer: '/id' }])
  })

  it('reports every fault', () => {
    const bad = Buffer.from([0xff])
    const headers = { ...BINARY, ce_time: 'noon', ce_ext: bad, ce_MyExt: 'x', 'content-type': bad }

    const error = errorOf(headers, 'a')

    expect(error.code).toBe('malformed')
    expect(error.faults.map(({ pointer }) => pointer).sort()).toEqual([
      '/MyExt',
      '/datacontenttype',
      '/ext',
      '/time',
    ])
  })

  it('refuses a value with only a content type', () => {
    const pointers = errorOf({ 'content-type': 'application/json' }, '{}').faults.map(
      ({ pointer }) => pointer,
    )

    expect(pointers).toEqual(['/specversion', '/id', '/source', '/type'])
  })
})

describe('encoding for Kafka', () => {
  it('writes structured mode with its content type', () => {
    const { value, headers } = encodeKafkaStructured({ ...MINIMAL, data: [1] })

    expect(headers).toEqual({ 'content-type': 'application/cloudevents+json; charset=utf-8' })
    expect(JSON.parse(value.toString())).toEqual({ ...MINIMAL, data: [1] })
  })

  it('writes binary mode with canonical text, the implied media type, and no value for no data', () => {
    const { value, headers } = encodeKafkaBinary({
      ...MINIMAL,
      subject: 'é %',
      count: -5,
      flag: false,
      data: null,
    })

    expect(headers).toEqual({
      ...BINARY,
      ce_subject: 'é %',
      ce_count: '-5',
      ce_flag: 'false',
      'content-type': 'application/json',
    })
    expect(value?.toString()).toBe('null')
    expect(encodeKafkaBinary(MINIMAL)).toEqual({ headers: BINARY, value: null })
  })
})
