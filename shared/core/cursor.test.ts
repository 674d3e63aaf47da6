import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  advanceCursor,
  type Cursor,
  CursorError,
  formatCursor,
  mergeCursors,
  offsetSeen,
  parseCursor,
} from './cursor.ts'

const offsets = fc
  .dictionary(fc.nat(20).map(String), fc.nat(1_000_000))
  .map(
    (entries) => new Map(Object.entries(entries).map(([partition, offset]) => [Number(partition), offset])),
  )
const cursors: fc.Arbitrary<Cursor> = fc
  .dictionary(
    fc.constantFrom('t', 'u-1', 'port_events', 'a.b'),
    fc.record({ epoch: fc.constantFrom('e1', 'e2'), offsets }, { noNullPrototype: true }),
  )
  .map((entries) => new Map(Object.entries(entries)))
const oneEpoch = cursors.map(
  (cursor) => new Map([...cursor].map(([topic, own]) => [topic, { ...own, epoch: 'e1' }])),
)

describe('the text of a cursor', () => {
  test('is parsed to an equal cursor', () => {
    const property = fc.property(cursors, (cursor) => {
      expect(parseCursor(formatCursor(cursor))).toEqual(cursor)
    })
    fc.assert(property)
  })

  test('is the same for equal cursors, whatever their order', () => {
    expect(formatCursor(parseCursor('b@e:1=7,0=12;a@e:0=3'))).toBe('a@e:0=3;b@e:0=12,1=7')
    expect(formatCursor(parseCursor('a@e:'))).toBe('a@e:')
    expect(formatCursor(parseCursor(''))).toBe('')
  })

  test.each([
    'a',
    'a@e',
    '@e:0=1',
    'a@:0=1',
    'a@e:0',
    'a@e:0=',
    'a@e:0=-1',
    'a@e:0=1,',
    'a@e:0=1;',
    'a@e:0=1;;b@e:0=1',
    'a@e:0=1 ',
    'a@e:x=1',
    'a@e:0=1.5',
    'a/b@e:0=1',
  ])('%j is refused', (text) => {
    expect(() => parseCursor(text)).toThrow(CursorError)
  })

  test('is refused if a topic appears twice', () => {
    expect(() => parseCursor('a@e:0=1;a@e:1=1')).toThrow('twice')
  })

  test('is refused if a partition appears twice, however it is written', () => {
    expect(() => parseCursor('a@e:0=1,0=2')).toThrow('partition 0 appears twice')
    expect(() => parseCursor('a@e:1=1,01=1')).toThrow('partition 1 appears twice')
  })

  test('is either parsed or refused with CursorError, whatever it is', () => {
    const property = fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[at@:;=,01]*$/)), (text) => {
      try {
        parseCursor(text)
      } catch (error) {
        expect(error).toBeInstanceOf(CursorError)
      }
    })
    fc.assert(property, { numRuns: 500 })
  })
})

describe('advancing a cursor', () => {
  const start = parseCursor('t@e1:0=5')

  test('returns a higher cursor and does not change the old one', () => {
    expect(formatCursor(advanceCursor(start, { topic: 't', partition: 0, offset: 6 }))).toBe('t@e1:0=6')
    expect(formatCursor(advanceCursor(start, { topic: 't', partition: 3, offset: 0 }))).toBe('t@e1:0=5,3=0')
    expect(formatCursor(start)).toBe('t@e1:0=5')
  })

  test.each([
    ['a position it has seen', { topic: 't', partition: 0, offset: 5 }],
    ['a topic it does not know', { topic: 'u', partition: 0, offset: 5 }],
  ])('returns the same cursor for %s', (_, position) => {
    expect(advanceCursor(start, position)).toBe(start)
  })
})

describe('merging cursors', () => {
  test('is idempotent, commutative and associative within an epoch, and never decreases', () => {
    const property = fc.property(oneEpoch, oneEpoch, oneEpoch, (a, b, c) => {
      expect(formatCursor(mergeCursors(a, a))).toBe(formatCursor(a))
      expect(formatCursor(mergeCursors(a, b))).toBe(formatCursor(mergeCursors(b, a)))
      expect(formatCursor(mergeCursors(mergeCursors(a, b), c))).toBe(
        formatCursor(mergeCursors(a, mergeCursors(b, c))),
      )
      for (const [topic, own] of a)
        for (const [partition, offset] of own.offsets)
          expect(offsetSeen(mergeCursors(a, b), topic, partition)).toBeGreaterThanOrEqual(offset)
    })
    fc.assert(property)
  })

  test('returns the right entry if the epochs differ', () => {
    expect(formatCursor(mergeCursors(parseCursor('t@e1:0=9'), parseCursor('t@e2:1=1')))).toBe('t@e2:1=1')
  })
})

test('a partition that is missing in a cursor has offset -1', () => {
  expect(offsetSeen(parseCursor('t@e1:0=5'), 't', 0)).toBe(5)
  expect(offsetSeen(parseCursor('t@e1:0=5'), 't', 1)).toBe(-1)
  expect(offsetSeen(parseCursor('t@e1:0=5'), 'u', 0)).toBe(-1)
})
