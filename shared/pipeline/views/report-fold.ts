import type { KafkaRecord, StoredEvent } from '#shared/pipeline/ports.ts'
import type { Telemetry } from '#shared/pipeline/telemetry/telemetry.ts'
import { isSampled } from '#shared/pipeline/trace.ts'

/** A batch of one partition that was folded, and when: milliseconds since 1970. */
type Folded = {
  readonly records: readonly KafkaRecord[]
  /** The events that a view folds. */
  readonly events: readonly StoredEvent[]
  readonly began: number
  readonly folded: number
}

/** How many records of a batch are measured, chosen evenly. */
const MAX_MEASURED = 20
/** How many sampled events of a batch are followed. */
const MAX_TRACED = 20

/** Measures how far the views are behind, and follows the sampled events of a batch. */
export function reportFold(
  { records, events, began, folded }: Folded,
  { metrics, tracing }: Telemetry,
): void {
  const step = Math.ceil(records.length / MAX_MEASURED)
  for (let index = 0; index < records.length; index += step)
    metrics.observe('fold_lag', folded - (records[index]?.timestamp ?? folded))
  const sampled = events.filter(({ event }) => isSampled(event.traceparent))
  for (const { event, topic, partition, offset } of sampled.slice(0, MAX_TRACED)) {
    const attributes = {
      'messaging.system': 'kafka',
      'messaging.operation.type': 'process',
      'messaging.destination.name': topic,
      'messaging.destination.partition.id': String(partition),
      'messaging.kafka.offset': offset,
    }
    const { traceparent: parent } = event
    tracing.record('fold', { parent, kind: 'consumer', attributes, start: began, end: folded })
  }
  metrics.count('spans_dropped', Math.max(0, sampled.length - MAX_TRACED))
}
