import { expect, test } from 'vitest'
import type { ReceivedEvent } from '#shared/client/connect.ts'
import { createFeed, hold, release, setFilters, takeEvents } from './feed.ts'
import { NO_FILTERS } from './feed-filters.ts'

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

test('looks again only at the rows whose case has changed, and at each once', () => {
  const feed = createFeed(1000, 'me')
  const events = acknowledged(0, 500)
  takeEvents(
    feed,
    events.filter((_, n) => n % 2 === 0),
  )
  setFilters(feed, { ...NO_FILTERS, statuses: ['new'] }, 0)
  const { passesCase } = feed.matcher
  let looks = 0
  feed.matcher = {
    ...feed.matcher,
    passesCase: (state) => {
      looks++
      return passesCase(state)
    },
  }
  takeEvents(feed, events.filter((_, n) => n % 2 === 1).slice(0, 20))
  expect(looks).toBe(20)
  expect(feed.liveShown).toHaveLength(480)
})

test('trims by quarters of its capacity, however many events come at once', () => {
  const feed = createFeed(100, 'me')
  const notices = (from: number, count: number) =>
    Array.from({ length: count }, (_, n) => event(from + n, {}))
  takeEvents(feed, notices(0, 124))
  expect(feed.live).toHaveLength(124)
  takeEvents(feed, notices(124, 40))
  expect(feed.live).toHaveLength(114)
  expect(feed.byId.size).toBe(114)
})
