import type { CloudEvent } from '#shared/core/event.ts'
import { type InputRecord, RecordError } from './input-record.ts'
import { type EventDraft, type Mapping, mapRecord } from './map-record.ts'

/** CONTRACT: one event of 128 KB. */
const EVENT_LIMIT = 128 * 1024

/** An event as it goes out: where it was in the input, its key, and its JSON. */
export type OutgoingEvent = {
  readonly at: string
  readonly key: string | undefined
  readonly json: string
  readonly bytes: number
}

/** Makes the outgoing event of a record. Throws RecordError with the reason why it cannot be sent. */
export function encodeRecord(
  record: InputRecord,
  mapping: Mapping,
  giveId: (draft: EventDraft) => CloudEvent,
): OutgoingEvent {
  if ('refused' in record) throw new RecordError(record.refused)
  try {
    const event = giveId(mapRecord(record.value, mapping))
    const json = JSON.stringify(event)
    const bytes = Buffer.byteLength(json)
    if (bytes > EVENT_LIMIT)
      throw new RecordError(
        `makes an event of ${Math.ceil(bytes / 1024)} KB; ${EVENT_LIMIT / 1024} KB are allowed`,
      )
    return { at: record.at, key: event.partitionkey, json, bytes }
  } catch (error) {
    // What the engine throws when values are nested thousands of levels deep.
    if (error instanceof RangeError) throw new RecordError('is nested too deeply', { cause: error })
    throw error
  }
}
