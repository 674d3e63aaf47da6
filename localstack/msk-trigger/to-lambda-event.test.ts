import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { estimateSize, type KafkaRecord, toLambdaEvent } from './to-lambda-event.ts'

const record: KafkaRecord = {
  topic: 'mytopic',
  partition: 0,
  offset: 15,
  timestamp: 1545084650987,
  timestampType: 'CREATE_TIME',
  // The key of Amazon's sample is not canonical base64, so its last character is lost on decoding.
  key: Buffer.from('abcDEFghiJKLmnoPQRstuVWXyz1234==', 'base64'),
  value: Buffer.from('Hello, this is a test.'),
  headers: [['headerKey', Buffer.from('headerValue')]],
}

test('the event has the shape of the sample in the AWS documentation', async () => {
  const sample = JSON.parse(await readFile(join(import.meta.dirname, 'fixtures/msk-event.json'), 'utf8'))
  const brokers = sample.bootstrapServers.split(',')

  const event = toLambdaEvent([record], {
    eventSource: 'aws:kafka',
    eventSourceArn: sample.eventSourceArn,
    brokers,
  })

  sample.records['mytopic-0'][0].key = record.key?.toString('base64')
  expect(event).toEqual(sample)
})

test('a tombstone has no value, a record without a key has no key, and partitions are kept apart', () => {
  const bare = { ...record, key: null, value: null, headers: [] }

  const event = toLambdaEvent([bare, { ...bare, partition: 1 }, { ...bare, offset: 16 }], {
    eventSource: 'SelfManagedKafka',
    brokers: ['127.0.0.1:9092'],
  })

  expect(Object.keys(event)).toEqual(['eventSource', 'bootstrapServers', 'records'])
  expect(event.records['mytopic-0']?.map(({ offset }) => offset)).toEqual([15, 16])
  expect(Object.keys(event.records['mytopic-1']?.[0] ?? {})).not.toContain('value')
  expect(Object.keys(event.records['mytopic-1']?.[0] ?? {})).not.toContain('key')
})

test('headers are what Lambda sends: signed bytes, an object each, and an empty one for a header without a value', () => {
  const headers: KafkaRecord['headers'] = [
    ['k', Buffer.from([0, 127, 128, 255])],
    ['k', Buffer.from('é')],
    ['no value', null],
    ['empty', Buffer.alloc(0)],
    ['__proto__', Buffer.from('p')],
    ['caf\uFFFD', Buffer.from('not UTF-8')],
  ]

  const { records } = toLambdaEvent([{ ...record, headers }], { eventSource: 'aws:kafka', brokers: [] })

  expect(JSON.stringify(records['mytopic-0']?.[0]?.headers)).toBe(
    '[{"k":[0,127,-128,-1]},{"k":[-61,-87]},{},{"empty":[]},{"__proto__":[112]},' +
      '{"caf\uFFFD":[110,111,116,32,85,84,70,45,56]}]',
  )
})

test('the estimated size is never below the encoded size', () => {
  const large = {
    ...record,
    value: Buffer.alloc(10_000, 255),
    headers: [
      ['h', Buffer.alloc(500, 128)],
      ['n', null],
    ],
  }
  for (const candidate of [record, large as KafkaRecord, { ...record, key: null, value: null }]) {
    const { records } = toLambdaEvent([candidate], { eventSource: 'aws:kafka', brokers: [] })

    expect(estimateSize(candidate)).toBeGreaterThanOrEqual(JSON.stringify(records['mytopic-0']?.[0]).length)
  }
})
