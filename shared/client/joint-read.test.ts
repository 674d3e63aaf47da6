import { expect, test } from 'vitest'
import { formatCursor } from '#shared/core/cursor.ts'
import type { PositionedEvent } from '#shared/core/event.ts'
import type { Interest } from '#shared/core/interest.ts'
import { handOut, joinReads } from './joint-read.ts'
import { createSubscription, type Page } from './subscription.ts'

function readerAt(since: string, interest: Interest) {
  const got: string[] = []
  const gaps: string[] = []
  const reader = createSubscription(
    { id: 's', ...interest, since },
    {
      event: ({ topic, offset }) => got.push(`${topic}:${offset}`),
      gap: ({ reason }) => gaps.push(reason),
      error: () => {},
    },
  )
  const cursor = () => formatCursor(reader.position() ?? new Map())
  return { reader, got, gaps, cursor }
}
const at = (topic: string, offset: number, category: string): PositionedEvent => ({
  topic,
  partition: 0,
  offset,
  event: { specversion: '1.0', id: `${topic}-${offset}`, source: '/s', type: 't.happened', category },
})
const pageOf = (events: PositionedEvent[], cursor: string): Page => ({ events, cursor, recovered: true })
function join(...readers: Parameters<typeof joinReads>[0][number][]) {
  const read = joinReads(readers)
  if (read === null) throw new Error('there is nothing to join')
  return read
}

test('a joint read begins at the lower offset of each partition, and from the beginning of one that somebody has not read', () => {
  const a = readerAt('t@e:0=5,1=3,2=9;u@e:0=1', { channels: ['a.*'] })
  const b = readerAt('t@e:0=4,1=7;v@f:0=2', { channels: ['b.*', 'a.*'] })
  const read = join(a.reader, b.reader)
  expect(read.since).toBe('t@e:0=4,1=3;u@e:0=1;v@f:0=2')
  expect(read.interest).toEqual({ channels: ['a.*', 'b.*'] })
})

test.each([
  ['that all have is kept', ['high'], ['high'], { filter: { severity: ['high'] } }],
  ['that only some have is left out', ['high'], ['low'], {}],
])('a filter %s', (_, left, right, filter) => {
  const readers = [left, right].map(
    (severity) => readerAt('t@e:0=1', { channels: ['a.*'], filter: { severity } }).reader,
  )
  expect(join(...readers).interest).toEqual({ channels: ['a.*'], ...filter })
})

test('a subscription without a position, of another epoch, or with channels that fit no URL reads alone', () => {
  const first = readerAt('t@e:0=1', { channels: ['a.*'] }).reader
  const others = [
    readerAt('latest', { channels: ['a.*'] }),
    readerAt('t@f:0=1', { channels: ['a.*'] }),
    readerAt('t@e:0=1', {
      channels: Array.from({ length: 20 }, (_, n) => `${'x'.repeat(60)}.${n}.${'y'.repeat(60)}`),
    }),
  ].map(({ reader }) => reader)
  expect(join(first, ...others).members.map(({ reader }) => reader)).toEqual([first])
  expect(joinReads(others.slice(0, 1))).toBeNull()
})

test('each subscription gets its share of a page, and nothing that it has seen', () => {
  const a = readerAt('t@e:0=5', { channels: ['a.*'] })
  const b = readerAt('t@e:0=3', { channels: ['**'] })
  const events = [at('t', 4, 'a.x'), at('t', 5, 'a.x'), at('t', 6, 'a.x'), at('t', 7, 'b.x')]
  expect(handOut(join(a.reader, b.reader), pageOf(events, 't@e:0=8'))).toEqual([])
  expect(a.got).toEqual(['t:6'])
  expect(b.got).toEqual(['t:4', 't:5', 't:6', 't:7'])
  expect([a.cursor(), b.cursor()]).toEqual(['t@e:0=8', 't@e:0=8'])
})

test('a topic that is new to a subscription is not in its share, and its first event makes it read alone', () => {
  const a = readerAt('t@e:0=5', { channels: ['**'] })
  const b = readerAt('t@e:0=5;u@e:0=7', { channels: ['b.*'] })
  const read = join(a.reader, b.reader)
  expect(handOut(read, pageOf([at('u', 8, 'b.x')], 't@e:0=5;u@e:0=8'))).toEqual([a.reader])
  expect([a.got, b.got]).toEqual([[], ['u:8']])
  expect([a.cursor(), b.cursor()]).toEqual(['t@e:0=5', 't@e:0=5;u@e:0=8'])
})

test('a loss is for each subscription to find out alone, and so is another epoch than the one that it has by now', () => {
  const a = readerAt('t@e:0=5', { channels: ['a.*'] })
  const read = join(a.reader)
  const page = pageOf([at('t', 6, 'a.x')], 't@e:0=6')
  expect(handOut(read, { ...page, recovered: false })).toEqual([a.reader])
  a.reader.ask('line')
  a.reader.receive('line', { type: 'subscribed', id: 's', attempt: 1, cursor: 't@f:0=2', recovered: true })
  expect(handOut(read, page)).toEqual([a.reader])
  expect([a.got, a.gaps, a.cursor()]).toEqual([[], [], 't@f:0=2'])
})

test('a subscription that is further than a page which is not full reads alone: the log may have been restored', () => {
  const a = readerAt('t@e:0=5', { channels: ['a.*'] })
  const b = readerAt('t@e:0=9', { channels: ['a.*'] })
  const read = join(a.reader, b.reader)
  const page = pageOf([at('t', 6, 'a.x')], 't@e:0=6')

  expect(handOut(read, page)).toEqual([b.reader])
  expect([a.got, b.got, b.cursor()]).toEqual([['t:6'], [], 't@e:0=9'])
})
