import { Buffer } from 'node:buffer'
import type { CloudEvent } from '#shared/core/event.ts'
import { decodeKafka } from '#shared/pipeline/cloudevents/kafka.ts'
import type { DeadLetter } from './dead-letter.ts'

/** Returns the event in the bytes of a dead letter; null if they are no CloudEvent, or not all of them are kept. */
export function decodeLetter({ value, headers, truncated }: DeadLetter): CloudEvent | null {
  if (truncated) return null
  const record = {
    value: value === null ? null : Buffer.from(value, 'base64'),
    headers: headers.map((header) => ({ name: header.name, value: Buffer.from(header.value, 'base64') })),
  }
  try {
    return decodeKafka(record)
  } catch {
    return null // that it cannot be decoded is what its letter says
  }
}
