import type { KafkaRecord, LambdaKafkaEvent, LambdaKafkaRecord, Mapping } from './mapping.ts'

type Source = Pick<Mapping, 'eventSource' | 'eventSourceArn'> & { brokers: string[] }

/**
 * Builds the event that Lambda hands to a function, from records of one or more partitions in order.
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
    headers: headers.map(([name, bytes]) => ({ [name]: [...bytes] })),
  }
}

/**
 * Estimates, from above, how many bytes a record takes in the event's JSON.
 * Lambda counts the encoded form: base64 is 4/3 of the bytes, a header byte is up to four characters.
 */
export function estimateSize({ topic, key, value, headers }: KafkaRecord): number {
  const base64 = ((key?.length ?? 0) + (value?.length ?? 0)) * (4 / 3)
  const headerBytes = headers.reduce((sum, [name, bytes]) => sum + 2 * name.length + 4 * bytes.length + 8, 0)
  return Math.ceil(base64) + headerBytes + topic.length + 200
}
