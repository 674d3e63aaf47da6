import type { KafkaMessage } from 'kafkajs'
import type { KafkaRecord } from './mapping.ts'

/** Types what kafkajs read. It merges repeated headers into a list, so their order among others is lost. */
export function toKafkaRecord(topic: string, partition: number, message: KafkaMessage): KafkaRecord {
  return {
    topic,
    partition,
    offset: Number(message.offset),
    timestamp: Number(message.timestamp),
    timestampType: isAppendTime(message) ? 'LOG_APPEND_TIME' : 'CREATE_TIME',
    key: message.key,
    value: message.value,
    headers: Object.entries(message.headers ?? {}).flatMap(([name, values]) =>
      [values].flat().map((value): [string, Buffer] => [name, Buffer.from(value ?? '')]),
    ),
  }
}

// kafkajs keeps the header of the record batch, which has the type, on every message without declaring it.
function isAppendTime(message: KafkaMessage): boolean {
  const context: unknown = 'batchContext' in message ? message.batchContext : undefined
  return (
    typeof context === 'object' &&
    context !== null &&
    'timestampType' in context &&
    context.timestampType === 1
  )
}
