import type { LogRecord } from '#shared/adapters/kafka/records/read-records.ts'
import type { Mapping } from './mapping.ts'

/** A record as it was read from its partition. */
export type KafkaRecord = LogRecord & { topic: string; partition: number }

/** @see https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html#msk-sample-event */
export type LambdaKafkaEvent = {
  eventSource: Mapping['eventSource']
  eventSourceArn?: string
  bootstrapServers: string
  records: Record<string, LambdaKafkaRecord[]>
}

type LambdaKafkaRecord = {
  topic: string
  partition: number
  offset: number
  timestamp: number
  timestampType: KafkaRecord['timestampType']
  /** base64; absent if the record has no key */
  key?: string
  /** base64; absent for a tombstone */
  value?: string
  /** Signed bytes; an empty object for a header without a value, whose name is lost. */
  headers: Record<string, number[]>[]
}

type Source = Pick<Mapping, 'eventSource' | 'eventSourceArn'> & { brokers: string[] }

/**
 * Returns the event that Lambda passes to a function, for records of one or more partitions in offset order.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html#msk-sample-event
 */
export function toLambdaEvent(records: KafkaRecord[], source: Source): LambdaKafkaEvent {
  const byPartition: Record<string, LambdaKafkaRecord[]> = {}
  for (const record of records) {
    const name = `${record.topic}-${record.partition}`
    byPartition[name] ??= []
    byPartition[name].push(toLambdaRecord(record))
  }
  return {
    eventSource: source.eventSource,
    ...(source.eventSourceArn === undefined ? {} : { eventSourceArn: source.eventSourceArn }),
    bootstrapServers: source.brokers.join(','),
    records: byPartition,
  }
}

function toLambdaRecord({ key, value, headers, ...position }: KafkaRecord): LambdaKafkaRecord {
  return {
    ...position,
    ...(key === null ? {} : { key: key.toString('base64') }),
    ...(value === null ? {} : { value: value.toString('base64') }),
    // As Lambda does, which is written in Java: https://github.com/aws/aws-lambda-dotnet/pull/1476 for the signs,
    // https://github.com/Nike-Inc/hal/pull/144 for headers without a value.
    headers: headers.map(([name, bytes]) => (bytes ? { [name]: [...new Int8Array(bytes)] } : {})),
  }
}

/**
 * Returns an upper estimate of the bytes that a record takes in the event's JSON.
 * Lambda counts the encoded form: base64 is 4/3 of the bytes, a header byte is up to five characters.
 */
export function estimateSize({ topic, key, value, headers }: KafkaRecord): number {
  const base64 = ((key?.length ?? 0) + (value?.length ?? 0)) * (4 / 3)
  const headerBytes = headers.reduce(
    (sum, [name, bytes]) => sum + 6 * name.length + 5 * (bytes?.length ?? 0) + 8,
    0,
  )
  return Math.ceil(base64) + headerBytes + topic.length + 200
}
