import type { CloudEvent } from '#shared/core/event.ts'
import { faultsRefusal } from '#shared/core/refusal.ts'
import { checkData, checkEvent, deriveCategory } from '#shared/pipeline/accept/check-event.ts'
import type { Catalog } from '#shared/pipeline/catalog.ts'
import { decodeKafka } from '#shared/pipeline/cloudevents/kafka.ts'
import type { DecodeRecord } from '#shared/pipeline/ports.ts'

/**
 * Returns a decoder of records in structured or binary mode, as any producer may write them. It fills in what the
 * catalog derives, since producers also write to the topics directly, and throws Refusal with the reason if a
 * record is no event, or its data does not fit its type.
 */
export function recordDecoder(catalog: Catalog): DecodeRecord {
  return (record) => {
    const event = deriveCategory(decodeKafka(record), catalog) as CloudEvent
    const faults = [...checkEvent(event), ...checkData(event, catalog)]
    if (faults.length > 0) throw faultsRefusal('invalid_event', faults)
    return event
  }
}
