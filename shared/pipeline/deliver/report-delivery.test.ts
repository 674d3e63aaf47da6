import { expect, test } from 'vitest'
import type { StoredEvent } from '#shared/pipeline/ports.ts'
import { makeEvent, makeStored } from '#shared/testing/accept/records.ts'
import { memoryTelemetry } from '#shared/testing/memory/memory-telemetry.ts'
import { type Delivery, reportDelivery } from './report-delivery.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const PARENT = '00f067aa0ba902b7'
const COUNTS = { frames: 2, events: 3, gone: 1, ended: 0, behind: 4 }

function stored(offset: number, flags = '00'): StoredEvent {
  const event = makeEvent(`e${offset}`, {
    category: 'tests.a',
    traceparent: `00-${TRACE}-${PARENT}-${flags}`,
  })
  return { ...makeStored({ topic: 'events', partition: 0, offset }, event), timestamp: 1000 }
}

function report(more: Partial<Delivery> = {}) {
  const telemetry = memoryTelemetry()
  const times = { began: 1010, stored: 1025, posted: 1040 }
  reportDelivery(
    { events: [stored(0)], counts: COUNTS, failed: 0, isStored: true, ...times, ...more },
    telemetry,
  )
  return telemetry
}

test('a batch is counted, and measured from hop to hop', () => {
  const { counts, values, spans } = report({ failed: 1 })

  expect(Object.fromEntries(counts)).toEqual({
    partitions_failed: 1,
    events_stored: 1,
    events_delivered: 3,
    frames_posted: 2,
    connections_gone: 1,
    subscriptions_behind: 4,
  })
  expect(Object.fromEntries(values)).toEqual({
    append_to_deliver: [10],
    deliver_to_store: [15],
    store_to_post: [15],
    accept_to_post: [40],
    frames_per_event: [2],
  })
  expect(spans).toEqual([])
})

test('events that are ahead of the log are counted once, where they are stored', () => {
  const events = [stored(0), { ...stored(1), ahead: true as const }]
  expect(report({ events }).counts.get('events_ahead')).toBe(1)
  expect(report({ events, isStored: false }).counts.has('events_ahead')).toBe(false)
})

test('without a frame nothing is said of posts, and a shard above the first stores nothing', () => {
  const { counts, values } = report({ counts: { ...COUNTS, frames: 0 }, isStored: false })

  expect([...values.keys()]).toEqual(['deliver_to_store', 'append_to_deliver'])
  expect(counts.has('events_stored')).toBe(false)
})

test('a sampled event is followed: the batch as a child of its request, storing and posting as children of that', () => {
  const { spans } = report({ events: [stored(0), stored(1, '01')] })

  expect(spans.map(({ name, traceId, parentId }) => [name, traceId, parentId])).toEqual([
    ['deliver', TRACE, PARENT],
    ['store', TRACE, spans[0]?.id],
    ['post', TRACE, spans[0]?.id],
  ])
  expect(spans[0]?.attributes).toMatchObject({ 'messaging.kafka.offset': 1 })
})

test('of a full batch 20 events are measured, and 20 of the sampled ones followed', () => {
  const { values, spans, counts } = report({
    events: Array.from({ length: 500 }, (_, offset) => stored(offset, '01')),
  })

  expect(values.get('append_to_deliver')).toHaveLength(20)
  expect(spans).toHaveLength(60)
  expect(counts.get('spans_dropped')).toBe(3 * 480)
})
