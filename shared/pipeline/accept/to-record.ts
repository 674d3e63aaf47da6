import { Buffer } from 'node:buffer'
import type { CloudEvent } from '#shared/core/event.ts'
import type { Catalog } from '#shared/pipeline/catalog.ts'
import { encodeKafkaStructured } from '#shared/pipeline/cloudevents/kafka.ts'
import type { KafkaRecord, NewRecord } from '#shared/pipeline/ports.ts'

/** The header of a record whose event's id was made for that record (docs/adr/0011). */
const MADE_ID = { name: 'tidewire-id', value: 'made' } as const

/** Returns the record of an event: in the topic of its category, with the key that keeps its order. */
export function toRecord(event: CloudEvent, catalog: Catalog, hasMadeId = false): NewRecord {
  const { value, headers } = encodeKafkaStructured(event)
  const key = event.partitionkey ?? event.subject ?? event.id
  const marked = hasMadeId ? { ...headers, [MADE_ID.name]: MADE_ID.value } : headers
  return { topic: catalog.topicOf(event.category ?? ''), key, value, headers: marked }
}

/** Whether the id of a record's event was made for that record. */
export function hasMadeId({ headers }: Pick<KafkaRecord, 'headers'>): boolean {
  return headers.some(
    ({ name, value }) => name === MADE_ID.name && Buffer.from(value).toString() === MADE_ID.value,
  )
}
