import { expect, test } from 'vitest'
import type { ReceivedEvent } from '#shared/client/create-subscriber.ts'
import { createFeed, hold, release, takeEvents } from './feed.ts'

const event = (offset: number, change: Partial<ReceivedEvent['event']>): ReceivedEvent => ({
  ...{ topic: 'port-events', partition: 0, offset },
  event: {
    specversion: '1.0',
    id: `e${offset}`,
    source: '/t',
    type: 'port.notice',
    category: 'port.port',
    ...change,
  },
})
/** Pairs of an event and its acknowledgement. */
const acknowledged = (from: number, count: number) =>
  Array.from({ length: count }, (_, n) => [
    event(2 * (from + n), {}),
    event(2 * (from + n) + 1, {
      ...{
        type: 'port.lifecycle.acknowledged',
        category: 'port.port.lifecycle',
        subject: `e${2 * (from + n)}`,
      },
      data: { move: 'acknowledge', by: 'anna', at: '2026-03-01T00:00:00Z' },
    }),
  ]).flat()

test('knows the cases of rows that are there or held, and of no others', () => {
  const feed = createFeed(8, 'me')
  takeEvents(feed, acknowledged(0, 8))
  hold(feed, 0)
  takeEvents(feed, acknowledged(8, 20))
  expect(feed.book.size()).toBe(feed.live.length + 8)

  release(feed)

  expect(feed.book.size()).toBe(feed.live.length)
})
