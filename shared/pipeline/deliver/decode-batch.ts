import { messageOf } from '#shared/core/message-of.ts'
import { hasMadeId } from '#shared/pipeline/accept/to-record.ts'
import type { Catalog } from '#shared/pipeline/catalog.ts'
import type { DeadLetter, DecodeRecord, KafkaRecord, StoredEvent } from '#shared/pipeline/ports.ts'
import { toDeadLetter } from './dead-letter.ts'

/** A record as every consumer of the log takes it: an event, or the letter that says why it is none. */
export type Decoded = { readonly stored?: StoredEvent; readonly letter?: DeadLetter }

/** A DynamoDB item holds 400 KB; an event that a producer wrote straight to Kafka may be larger. */
const LARGEST_RECORD = 350 * 1024

/** Decodes records, each for itself. What does not decode, or stands in a topic that is not its category's, is no event (I9). */
export function decodeBatch(
  records: readonly KafkaRecord[],
  deps: { readonly decode: DecodeRecord; readonly catalog: Catalog },
): Decoded[] {
  return records.map((record) => decodeOne(record, deps))
}

function decodeOne(
  record: KafkaRecord,
  { decode, catalog }: { readonly decode: DecodeRecord; readonly catalog: Catalog },
): Decoded {
  const { topic, partition, offset, timestamp } = record
  if ((record.value?.length ?? 0) > LARGEST_RECORD)
    return {
      letter: toDeadLetter(record, `larger than ${LARGEST_RECORD} bytes, the most that can be stored`),
    }
  try {
    const event = decode(record)
    const owner = event.category === undefined ? topic : catalog.topicOf(event.category)
    const made = hasMadeId(record) ? ({ hasMadeId: true } as const) : {}
    if (owner === topic) return { stored: { topic, partition, offset, timestamp, event, ...made } }
    return { letter: toDeadLetter(record, `category "${event.category}" belongs to the topic "${owner}"`) }
  } catch (error) {
    return { letter: toDeadLetter(record, messageOf(error)) }
  }
}
