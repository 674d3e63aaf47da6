import { Buffer } from 'node:buffer'
import type { CloudEvent } from '#shared/core/event.ts'
import type { KafkaRecord, StoredEvent } from '#shared/pipeline/ports.ts'

const STRUCTURED = [{ name: 'content-type', value: Buffer.from('application/cloudevents+json') }]

/** Returns a valid event. The given attributes override the defaults. */
export function makeEvent(id: string, given: Partial<CloudEvent> = {}): CloudEvent {
  return {
    specversion: '1.0',
    id,
    source: '/tests',
    type: 'tested',
    category: 'port.a',
    severity: 'info',
    ...given,
  }
}

export type Place = {
  readonly topic?: string
  readonly partition?: number
  readonly offset: number
  readonly timestamp?: number
}

/** Returns a record with an event, or with another text. */
export function makeRecord(place: Place, content: CloudEvent | string): KafkaRecord {
  const { topic = 'port', partition = 0, offset, timestamp = 1000 + offset } = place
  const value = Buffer.from(typeof content === 'string' ? content : JSON.stringify(content))
  return { topic, partition, offset, timestamp, key: null, value, headers: STRUCTURED }
}

/** Returns an event as it is stored in the log. */
export function makeStored(place: Place, event: CloudEvent): StoredEvent {
  const { topic = 'port', partition = 0, offset, timestamp = 1000 + offset } = place
  return { topic, partition, offset, timestamp, event }
}
