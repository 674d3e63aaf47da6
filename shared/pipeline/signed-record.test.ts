import { describe, expect, test } from 'vitest'
import type { KafkaRecord, NewRecord } from './ports.ts'
import { marksOf, REPLAY_OF, recordJudge, replayOfValue, SIGNATURE, signRecord } from './signed-record.ts'

const SECRET = 'the-secret-of-the-stage'
const RECORD: NewRecord = {
  topic: 'port-events',
  key: 'k',
  value: Buffer.from('{"type":"port.notice"}'),
  headers: { 'content-type': 'application/cloudevents+json', 'tidewire-id': 'made' },
}

/** A record as it is read from Kafka. */
function written({ topic, key, value, headers }: NewRecord, timestamp = 1000): KafkaRecord {
  const named = Object.entries(headers).map(([name, text]) => ({ name, value: Buffer.from(text) }))
  return { topic, partition: 0, offset: 0, timestamp, key: Buffer.from(key), value, headers: named }
}

const signed = signRecord(RECORD, SECRET)
const judge = recordJudge([SECRET])

describe('a signed record', () => {
  test('is known by the secret that signed it, whatever the order of its headers', () => {
    const record = written(signed)

    expect(judge(record)).toBe('signed')
    expect(judge({ ...record, headers: record.headers.toReversed() })).toBe('signed')
    expect(recordJudge(['a-newer-secret-now', SECRET])(record)).toBe('signed')
  })

  test.each<[string, Partial<KafkaRecord>]>([
    ['another topic', { topic: 'market-events' }],
    ['another key', { key: Buffer.from('other') }],
    ['another value', { value: Buffer.from('{"type":"port.notice" }') }],
    ['no value', { value: null }],
    ['no other header', { headers: written(signed).headers.filter(({ name }) => name === SIGNATURE) }],
    ['a header more', { headers: [...written(signed).headers, { name: 'ce_id', value: Buffer.from('x') }] }],
    ['a second signature', { headers: [...written(signed).headers, ...written(signed).headers] }],
  ])('with %s is forged', (_, change) => {
    expect(judge({ ...written(signed), ...change })).toBe('forged')
  })

  test.each(['', 'v1.', 'v2.AAAA', 'nonsense'])('with the signature %j is forged', (signature) => {
    expect(judge(written({ ...RECORD, headers: { ...RECORD.headers, [SIGNATURE]: signature } }))).toBe(
      'forged',
    )
  })

  test('of another secret is forged', () => {
    expect(recordJudge(['another-secret-of-all'])(written(signed))).toBe('forged')
    expect(recordJudge([])(written(signed))).toBe('forged')
  })
})

describe('a record without a signature', () => {
  test('is unsigned', () => {
    expect(judge(written(RECORD))).toBe('unsigned')
  })

  test('counts as signed if it is of a version that signed none', () => {
    const upgraded = recordJudge([SECRET], 2000)

    expect(upgraded(written(RECORD, 1999))).toBe('signed')
    expect(upgraded(written(RECORD, 2000))).toBe('unsigned')
    const forged = written({ ...RECORD, headers: { [SIGNATURE]: 'v1.x' } }, 1999)
    expect(upgraded(forged)).toBe('forged')
  })
})

test('the marks of a record are read from its headers', () => {
  expect(marksOf(written(RECORD))).toEqual({ hasMadeId: true })
  expect(marksOf(written({ ...RECORD, headers: { 'tidewire-digest': 'd' } }))).toEqual({ digest: 'd' })
  const ofLetter = (value: string) => marksOf(written({ ...RECORD, headers: { [REPLAY_OF]: value } }))
  const position = { topic: 'port-events', partition: 2, offset: 70 }
  expect(ofLetter(replayOfValue(position))).toEqual({ replayOf: position })
  expect(ofLetter('port-events/2')).toEqual({})
})
