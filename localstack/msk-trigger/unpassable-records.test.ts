import { expect, test } from 'vitest'
import { unreadableOf } from '#shared/core/dead-letter.ts'
import { makeRecords } from './testing/make-records.ts'
import { estimateSize, type KafkaRecord } from './to-lambda-event.ts'
import { passableRecord } from './unpassable-records.ts'

const SIX_MB = 6 * 1024 * 1024 - 4096
const recordOf = (members: Partial<KafkaRecord>) => ({ ...makeRecords(7, 1)[0], ...members }) as KafkaRecord
const unreadableIn = ({ headers }: KafkaRecord) =>
  unreadableOf(headers.map(([name, value]) => ({ name, value: value ?? Buffer.alloc(0) })))

test('a record that fits is passed on as it is: Lambda counts 4/3 of its bytes', () => {
  const record = recordOf({ value: Buffer.alloc(4_700_000) })

  expect(passableRecord(record, SIX_MB)).toBe(record)
})

test.each([
  ['value', { value: Buffer.alloc(4_800_000, 'v') }],
  ['key', { key: Buffer.alloc(4_800_000, 'k') }],
  ['headers', { headers: [['h', Buffer.alloc(1_300_000)]] as KafkaRecord['headers'] }],
])(
  'a record whose %s is above 6 MB as Lambda encodes it is replaced by its beginning and the reason',
  (_, members) => {
    const record = recordOf(members)
    const passed = passableRecord(record, SIX_MB)

    expect(passed).toMatchObject({ topic: 'ships', partition: 0, offset: 7, timestamp: record.timestamp })
    expect(unreadableIn(passed)).toEqual({
      code: 'too_large',
      reason: expect.stringMatching(/^its event has about 6\d{6} bytes, and Lambda passes at most 6 MB/),
      isCut: true,
    })
    expect(estimateSize(passed)).toBeLessThan(400_000)
  },
)

test('small headers of a large record are kept, and say which event it was', () => {
  const headers: KafkaRecord['headers'] = [
    ['ce_id', Buffer.from('1')],
    ['null', null],
    ['huge', Buffer.alloc(20_000)],
    ['ce_type', Buffer.from('t')],
  ]

  const passed = passableRecord(recordOf({ value: Buffer.alloc(6_000_000), headers }), SIX_MB)

  expect(passed.headers.map(([name]) => name)).toEqual(['tidewire-unreadable', 'ce_id', 'null', 'ce_type'])
})

test('a batch that cannot be read, and is too large as well, keeps its reason', () => {
  const headers: KafkaRecord['headers'] = [['tidewire-unreadable', Buffer.from('undecodable: garbage')]]

  const passed = passableRecord(recordOf({ value: Buffer.alloc(6_000_000), headers }), SIX_MB)

  expect(unreadableIn(passed)).toEqual({ code: 'undecodable', reason: 'garbage', isCut: true })
  expect(passed.value).toHaveLength(256 * 1024)
})
