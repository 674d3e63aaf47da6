import type { StoredEvent } from '#shared/pipeline/ports.ts'
import type { Telemetry } from '#shared/pipeline/telemetry/telemetry.ts'
import { isSampled } from '#shared/pipeline/trace.ts'
import type { PushCounts } from './push-events.ts'

/** What was done with a batch, and when: milliseconds since 1970. */
export type Delivery = {
  readonly events: readonly StoredEvent[]
  readonly counts: PushCounts
  readonly failed: number
  /** Whether the events were stored here, not by the first shard. */
  readonly isStored: boolean
  readonly began: number
  readonly stored: number
  readonly posted: number
}

/** How many events of a batch are measured, chosen evenly: a full batch has enough of them. */
const MAX_MEASURED = 20
/** How many sampled events of a batch are followed. */
const MAX_TRACED = 20

/** Counts and measures a batch, and follows its sampled events. */
export function reportDelivery(delivery: Delivery, { metrics, tracing }: Telemetry): void {
  const { events, counts, failed, isStored, began, stored, posted } = delivery
  metrics.count('partitions_failed', failed)
  if (isStored) {
    metrics.count('events_stored', events.length)
    metrics.count('events_ahead', events.filter(({ ahead }) => ahead).length)
  }
  metrics.count('events_delivered', counts.events)
  metrics.count('frames_posted', counts.frames)
  metrics.count('connections_gone', counts.gone)
  metrics.count('connections_ended', counts.ended)
  metrics.count('subscriptions_behind', counts.behind)
  if (events.length === 0) return
  metrics.observe('deliver_to_store', stored - began)
  if (counts.frames > 0) {
    metrics.observe('frames_per_event', counts.frames / events.length)
    metrics.observe('store_to_post', posted - stored)
  }
  const step = Math.ceil(events.length / MAX_MEASURED)
  for (let index = 0; index < events.length; index += step) {
    const { timestamp = began } = events[index] ?? {}
    metrics.observe('append_to_deliver', began - timestamp)
    if (counts.frames > 0) metrics.observe('accept_to_post', posted - timestamp)
  }
  const sampled = events.filter(({ event }) => isSampled(event.traceparent))
  for (const { event, ...position } of sampled.slice(0, MAX_TRACED)) follow(event.traceparent, position)
  metrics.count('spans_dropped', 3 * Math.max(0, sampled.length - MAX_TRACED))

  function follow(
    parent: string | undefined,
    { topic, partition, offset }: Omit<StoredEvent, 'event'>,
  ): void {
    const attributes = {
      'messaging.system': 'kafka',
      'messaging.operation.type': 'process',
      'messaging.destination.name': topic,
      'messaging.destination.partition.id': String(partition),
      'messaging.kafka.offset': offset,
    }
    const times = { start: began, end: posted }
    const own = tracing.record('deliver', { parent, kind: 'consumer', attributes, ...times })
    tracing.record(isStored ? 'store' : 'follow', { parent: own, start: began, end: stored })
    const push = { 'tidewire.frames': counts.frames, 'tidewire.behind': counts.behind }
    tracing.record('post', { parent: own, kind: 'client', attributes: push, start: stored, end: posted })
  }
}
