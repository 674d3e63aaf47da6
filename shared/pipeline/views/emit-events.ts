import { createHash } from 'node:crypto'
import type { Fault } from '#shared/core/refusal.ts'
import type { Emission } from '#shared/domain/define-domain.ts'
import { checkData } from '#shared/pipeline/accept/check-data.ts'
import { checkEvent, isTooLarge } from '#shared/pipeline/accept/check-event.ts'
import { completeEvent } from '#shared/pipeline/accept/complete-event.ts'
import { toRecord } from '#shared/pipeline/accept/to-record.ts'
import type { Catalog } from '#shared/pipeline/catalog.ts'
import { CloudEventError } from '#shared/pipeline/cloudevents/codec-error.ts'
import { validateEvent } from '#shared/pipeline/cloudevents/validate-event.ts'
import type { EventLog, NewRecord, StoredEvent } from '#shared/pipeline/ports.ts'

/** What an emission follows from: the event, in its epoch, as it was folded into the state of a key. */
export type Cause = {
  readonly view: string
  readonly key: string
  readonly stored: StoredEvent
  readonly epoch: string
}

/** What Kafka takes at once: 1 MB of a partition, and a little for the records' frames. */
const CHUNK = { bytes: 800_000, records: 500 } as const

/**
 * The record of an event that follows from another. Its id is made of the view, the key and the position that it
 * follows from, so that whoever folds the same event again writes the same pair of source and id, which counts once
 * (I8). Throws an error with the faults where the emission does not fit the catalog.
 */
export function recordOf(emission: Emission, index: number, cause: Cause, catalog: Catalog): NewRecord {
  const { view, key, stored, epoch } = cause
  const { topic, partition, offset, timestamp, event } = stored
  const name = JSON.stringify([view, key, topic, epoch, partition, offset, index])
  const draft = {
    ...emission,
    id: createHash('sha256').update(name).digest('base64url'),
    source: `urn:tidewire:fold:${view}`,
    time: emission.time ?? event.time ?? new Date(timestamp).toISOString(),
    ...(emission.data !== undefined && { datacontenttype: 'application/json' }),
  }
  const { traceparent } = event
  const deps = { catalog, newId: () => draft.id, now: () => new Date(timestamp), madeIds: new Set<string>() }
  const complete = { ...deps, ...(traceparent !== undefined && { traceparent }) }
  const followed = validateEvent(draft, (given) => completeEvent(given, complete))
  const record = toRecord(followed, catalog)
  const faults: Fault[] = [...checkEvent(followed), ...checkData(followed, catalog)]
  if (isTooLarge(record.value)) faults.push({ pointer: '', detail: 'is larger than 128 KB.' })
  if (faults.length > 0) throw new CloudEventError('invalid_event', faults)
  return record
}

/** Appends records in order, as many at once as Kafka takes. */
export async function appendInOrder(records: readonly NewRecord[], kafka: EventLog): Promise<void> {
  let chunk: NewRecord[] = []
  let bytes = 0
  for (const record of records) {
    if (chunk.length === CHUNK.records || (chunk.length > 0 && bytes + record.value.length > CHUNK.bytes)) {
      await kafka.append(chunk)
      chunk = []
      bytes = 0
    }
    chunk.push(record)
    bytes += record.value.length
  }
  if (chunk.length > 0) await kafka.append(chunk)
}
