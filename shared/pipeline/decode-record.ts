import { checkData } from './check-data.ts'
import { checkEvent } from './check-event.ts'
import { CloudEventError } from './cloudevents/codec-error.ts'
import { decodeKafka } from './cloudevents/kafka.ts'
import { deriveCategory } from './complete-event.ts'
import type { CloudEvent } from './event.ts'
import type { DecodeRecord } from './ports.ts'
import type { Topics } from './topics.ts'

/**
 * Decodes records as any producer may write them, structured or binary. What the catalog derives is filled in here
 * too, since others write to the topics directly. The decoder throws with the reason when a record is no event, or its
 * data is not what the catalog asks of its type.
 */
export function recordDecoder(topics: Topics): DecodeRecord {
  return (record) => {
    const event = deriveCategory(decodeKafka(record), topics) as CloudEvent
    const faults = [...checkEvent(event), ...checkData(event, topics)]
    if (faults.length > 0) throw new CloudEventError('invalid_event', faults)
    return event
  }
}
