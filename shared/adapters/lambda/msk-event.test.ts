import { Buffer } from 'node:buffer'
import type { MSKEvent, SelfManagedKafkaEvent } from 'aws-lambda'
import { expect, test, vi } from 'vitest'
import { decodeKafka } from '#shared/pipeline/cloudevents/kafka.ts'
import {
  allFailed,
  BatchFailed,
  failuresOf,
  prefixedTrigger,
  recordsOf,
  reportFailures,
} from './msk-event.ts'

/** As AWS documents it: https://docs.aws.amazon.com/lambda/latest/dg/with-msk-process.html */
const EVENT: MSKEvent = {
  eventSource: 'aws:kafka',
  eventSourceArn:
    'arn:aws:kafka:us-east-1:123456789012:cluster/vpc-2priv-2pub/751d2973-a626-431c-9d4e-d7975eb44dd7-2',
  bootstrapServers: 'b-2.demo-cluster-1.a1bcde.c1.kafka.us-east-1.amazonaws.com:9092',
  records: {
    'mytopic-0': [
      {
        topic: 'mytopic',
        partition: 0,
        offset: 15,
        timestamp: 1545084650987,
        timestampType: 'CREATE_TIME',
        key: 'abcDEFghiJKLmnoPQRstuVWXyz1234==',
        value: 'SGVsbG8sIHRoaXMgaXMgYSB0ZXN0Lg==',
        headers: [{ headerKey: [104, 101, 97, 100, 101, 114, 86, 97, 108, 117, 101] }],
      },
    ],
  },
}

test('the records of a trigger are read from base64 and byte arrays', () => {
  expect(recordsOf(EVENT)).toEqual([
    {
      topic: 'mytopic',
      partition: 0,
      offset: 15,
      timestamp: 1545084650987,
      key: Buffer.from('abcDEFghiJKLmnoPQRstuVWXyz1234==', 'base64'),
      value: Buffer.from('Hello, this is a test.'),
      headers: [{ name: 'headerKey', value: Buffer.from('headerValue') }],
    },
  ])
})

test('records without key, value or headers are read as such', () => {
  const [record] = EVENT.records['mytopic-0'] ?? []
  const bare = { ...record, key: undefined, value: null, headers: undefined }
  const event = { ...EVENT, records: { 'mytopic-0': [bare] } } as unknown as MSKEvent

  expect(recordsOf(event)).toMatchObject([{ key: null, value: null, headers: [] }])
  expect(recordsOf({ ...EVENT, records: {} })).toEqual([])
})

test('headers of any bytes are read, and those without a value, which Lambda writes as an empty object, are left out', () => {
  const [record] = EVENT.records['mytopic-0'] ?? []
  const headers = [
    { signed: [-61, -92] },
    { unsigned: [195, 164] },
    {},
    { again: [49] },
    { again: [50] },
    { empty: [] },
    { nothing: null },
    { object: {} },
    null,
    JSON.parse('{"__proto__":[112]}'),
    { 'caf\uFFFD': [-1] },
  ]
  const event = { ...EVENT, records: { 'mytopic-0': [{ ...record, headers }] } } as unknown as MSKEvent

  expect(recordsOf(event)[0]?.headers).toEqual([
    { name: 'signed', value: Buffer.from('ä') },
    { name: 'unsigned', value: Buffer.from('ä') },
    { name: 'again', value: Buffer.from('1') },
    { name: 'again', value: Buffer.from('2') },
    { name: 'empty', value: Buffer.alloc(0) },
    { name: '__proto__', value: Buffer.from('p') },
    { name: 'caf\uFFFD', value: Buffer.from([255]) },
  ])
})

test('a record without a time, or a kind of it, is read', () => {
  const [record] = EVENT.records['mytopic-0'] ?? []
  const untimed = { ...record, timestamp: undefined, timestampType: 'NO_TIMESTAMP_TYPE' }
  const event = { ...EVENT, records: { 'mytopic-0': [untimed] } } as unknown as MSKEvent

  expect(recordsOf(event)).toMatchObject([{ offset: 15, timestamp: -1 }])
})

test('an event in binary mode whose optional attributes have no value is that event without them', () => {
  const [record] = EVENT.records['mytopic-0'] ?? []
  const required = { ce_specversion: '1.0', ce_id: '1', ce_source: '/s', ce_type: 't' }
  const headers = [
    ...Object.entries(required).map(([name, text]) => ({ [name]: [...Buffer.from(text)] })),
    {},
  ]
  const event = { ...EVENT, records: { 'mytopic-0': [{ ...record, value: null, headers }] } }

  const [read] = recordsOf(event as unknown as MSKEvent)

  expect(read && decodeKafka(read)).toEqual({ specversion: '1.0', id: '1', source: '/s', type: 't' })
})

test('failed partitions are named as objects with their first offset, and logged with the cause', () => {
  const logged = vi.spyOn(console, 'error').mockImplementation(() => {})

  const response = failuresOf([{ topic: 't', partition: 3, offset: 42, cause: new Error('throttled') }])

  expect(response).toEqual({ batchItemFailures: [{ itemIdentifier: { partition: 't-3', offset: 42 } }] })
  expect(String(logged.mock.calls[0]?.[0])).toContain('throttled')
  logged.mockRestore()
})

test('failures are an error for a trigger that reads no partial responses, and are reported to one that does', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => {})
  const failed = [{ topic: 'mytopic', partition: 0, offset: 15, cause: new Error('busy') }]
  const handle = async (response: 'fails' | 'works') => failuresOf(response === 'fails' ? failed : [])

  await expect(reportFailures(handle, 'throw')('fails', {})).rejects.toThrow(new BatchFailed(['mytopic-0']))
  expect(await reportFailures(handle, 'throw')('works', {})).toEqual({ batchItemFailures: [] })
  expect(await reportFailures(handle, 'report')('fails', {})).toEqual({
    batchItemFailures: [{ itemIdentifier: { partition: 'mytopic-0', offset: 15 } }],
  })
})

test('a Kafka that is not of MSK has no ARN, and its records are read alike', () => {
  const { eventSourceArn, ...event } = EVENT
  const other: SelfManagedKafkaEvent = { ...event, eventSource: 'SelfManagedKafka' }

  expect(recordsOf(other)).toEqual(recordsOf(EVENT))
})

test('a prefix of topics is taken off their names, and is put on where failures are reported', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => {})
  const named = (topic: string): MSKEvent => {
    const records = EVENT.records['mytopic-0']?.map((record) => ({ ...record, topic }))
    return { ...EVENT, records: { [`${topic}-0`]: records ?? [] } }
  }
  const seen: unknown[] = []
  const handler = prefixedTrigger(async (event) => {
    seen.push(recordsOf(event))
    return allFailed(event, new Error('throttled'))
  }, 'prod.')

  const response = await handler(named('prod.mytopic'), {})

  expect(seen).toEqual([recordsOf(named('mytopic'))])
  expect(response.batchItemFailures).toEqual([
    { itemIdentifier: { partition: 'prod.mytopic-0', offset: 15 } },
  ])
  vi.restoreAllMocks()
})
