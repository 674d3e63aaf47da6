import type { CloudEvent } from '#shared/core/event.ts'
import { checkData, checkEvent, deriveCategory } from '#shared/pipeline/accept/check-event.ts'
import type { Catalog } from '#shared/pipeline/catalog.ts'
import { CloudEventError } from '#shared/pipeline/cloudevents/codec-error.ts'
import { decodeKafka } from '#shared/pipeline/cloudevents/kafka.ts'
import type { DecodeRecord } from '#shared/pipeline/ports.ts'

/**
 * Decodes records as any producer may write them, structured or binary. What the catalog derives is filled in here
 * too, since others write to the topics directly. The decoder throws with the reason when a record is no event, or its
 * data is not what the catalog asks of its type.
 */
export function recordDecoder(catalog: Catalog): DecodeRecord {
  return (record) => {
    const event = deriveCategory(decodeKafka(record), catalog) as CloudEvent
    const faults = [...checkEvent(event), ...checkData(event, catalog)]
    if (faults.length > 0) throw new CloudEventError('invalid_event', faults)
    return event
  }
}
