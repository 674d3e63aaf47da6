import { describe, expect, it } from 'vitest'
import { Refusal } from '#shared/core/refusal.ts'
import { MINIMAL } from '#shared/testing/cloudevents/conformance-cases.ts'
import { decodeJsonBatch, decodeJsonEvent, encodeJsonEvent } from './json-format.ts'

const errorOf = (run: () => unknown): Refusal => {
  try {
    run()
  } catch (error) {
    if (error instanceof Refusal) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('decodeJsonEvent', () => {
  it('reads text and bytes alike, with or without a byte order mark', () => {
    const json = JSON.stringify({ ...MINIMAL, subject: '港😀' })

    expect(decodeJsonEvent(json)).toEqual({ ...MINIMAL, subject: '港😀' })
    expect(decodeJsonEvent(Buffer.from(json))).toEqual({ ...MINIMAL, subject: '港😀' })
    expect(decodeJsonEvent(Buffer.from(`\ufeff${json}`))).toEqual({ ...MINIMAL, subject: '港😀' })
  })

  it.each([
    ['nothing', ''],
    ['half an object', '{"specversion":"1.0"'],
    ['a comment', '{} // event'],
    ['a bare word', 'undefined'],
  ])('refuses %s as malformed', (_title, text) => {
    expect(errorOf(() => decodeJsonEvent(Buffer.from(text)))).toMatchObject({ code: 'malformed' })
  })

  it('refuses bytes that are not UTF-8, with that reason', () => {
    const latin1 = Buffer.from(JSON.stringify({ ...MINIMAL, subject: 'é' }), 'latin1')

    const error = errorOf(() => decodeJsonEvent(latin1))

    expect(error).toMatchObject({ code: 'malformed', retryable: false })
    expect(error.message).toContain('UTF-8')
    expect(error.cause).toBeInstanceOf(TypeError)
  })

  it('uses the last of two members with the same name', () => {
    const json = '{"specversion":"1.0","id":"a","id":"b","source":"/s","type":"t"}'

    expect(decodeJsonEvent(json).id).toBe('b')
  })

  it('refuses a megabyte of brackets without running out of stack', () => {
    const data = '['.repeat(200_000) + ']'.repeat(200_000)

    const error = errorOf(() => decodeJsonEvent(`${JSON.stringify(MINIMAL).slice(0, -1)},"data":${data}}`))

    expect(error.faults).toMatchObject([{ pointer: '/data' }])
  })

  it('distinguishes data that is null from missing data', () => {
    const withNull = decodeJsonEvent(JSON.stringify({ ...MINIMAL, data: null }))

    expect(JSON.parse(encodeJsonEvent(withNull))).toHaveProperty('data', null)
    expect(JSON.parse(encodeJsonEvent(decodeJsonEvent(JSON.stringify(MINIMAL))))).not.toHaveProperty('data')
  })
})

describe('decodeJsonBatch', () => {
  it('reads an empty batch', () => {
    expect(decodeJsonBatch('[]')).toEqual([])
  })

  it('reads events in their order', () => {
    const events = [MINIMAL, { ...MINIMAL, id: '2', extboolean: false }]

    expect(decodeJsonBatch(JSON.stringify(events))).toEqual(events)
  })

  it('reports the faults of all items with their index', () => {
    const batch = [
      'no object',
      MINIMAL,
      { ...MINIMAL, specversion: '0.9' },
      { ...MINIMAL, id: undefined, subject: '' },
    ]

    const error = errorOf(() => decodeJsonBatch(JSON.stringify(batch)))

    expect(error.code).toBe('invalid_event')
    expect(error.faults.map(({ index, pointer }) => `${index}${pointer}`)).toEqual([
      '0',
      '2/specversion',
      '3/id',
      '3/subject',
    ])
    expect(error.message).toMatch(/^\[0\] must be .*; and 1 more$/)
  })

  it('refuses a single event', () => {
    expect(errorOf(() => decodeJsonBatch(JSON.stringify(MINIMAL)))).toMatchObject({ code: 'malformed' })
  })

  it('reports at most about a thousand faults', () => {
    const error = errorOf(() => decodeJsonBatch(`[${'1,'.repeat(100_000)}1]`))

    expect(error.faults).toHaveLength(1000)
  })

  it('completes each item', () => {
    const ids = ['a', 'b'][Symbol.iterator]()

    const events = decodeJsonBatch('[{"type":"t"},{"type":"u"}]', (draft) => ({
      ...MINIMAL,
      id: ids.next().value,
      ...draft,
    }))

    expect(events.map(({ id, type }) => id + type)).toEqual(['at', 'bu'])
  })
})
