import fc from 'fast-check'
import { expect, test } from 'vitest'
import { advanceCursor, type Cursor, formatCursor, mergeCursors, parseCursor } from '#shared/core/cursor.ts'
import { createPositions } from './positions.ts'

const position = fc.record({ topic: fc.constantFrom('a', 'b'), partition: fc.nat(2), offset: fc.nat(9) })
const cursor = fc.constantFrom('', 'a@1:0=3', 'a@1:0=7,2=1;b@1:1=2', 'a@2:0=1', 'b@2:', 'b@1:0=9')

test('equals the cursor of the pipeline if the epoch of a topic is known', () => {
  const step = fc.oneof(position, cursor)
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const positions = createPositions(parseCursor('a@1:;b@1:'))
      let expected: Cursor = parseCursor('a@1:;b@1:')
      for (const next of steps) {
        if (typeof next === 'string') {
          positions.merge(parseCursor(next))
          expected = mergeCursors(expected, parseCursor(next))
        } else {
          const moved = advanceCursor(expected, next)
          expect(positions.advance(next)).toBe(moved !== expected)
          expected = moved
        }
      }
      expect(formatCursor(positions.cursor())).toBe(formatCursor(expected))
    }),
  )
})

test('keeps the offsets of a topic before its epoch is known', () => {
  const positions = createPositions()
  expect(positions.advance({ topic: 'a', partition: 0, offset: 4 })).toBe(true)
  expect(formatCursor(positions.cursor())).toBe('')
  positions.merge(parseCursor('a@1:0=2,1=1'))
  expect(positions.advance({ topic: 'a', partition: 0, offset: 4 })).toBe(false)
  expect(formatCursor(positions.cursor())).toBe('a@1:0=4,1=1')
})
