import type { FunctionError, KafkaRecord, LambdaKafkaEvent, Mapping } from './mapping.ts'

export type Discarded = {
  mapping: Mapping
  records: KafkaRecord[]
  event: LambdaKafkaEvent
  condition: 'RetryAttemptsExhausted' | 'RecordAgeExceeded'
  invokeCount: number
  error?: FunctionError
}

/**
 * Describes a discarded batch as Lambda does for its on-failure destination; `payload` is the event as JSON,
 * which Lambda adds for the destinations that can hold it.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/kafka-on-failure.html
 */
export function toInvocationRecord(
  discarded: Discarded,
  { requestId, now }: { requestId: string; now: Date },
) {
  const { mapping, records, event, condition, invokeCount, error } = discarded
  const payload = JSON.stringify(event)
  return {
    requestContext: {
      requestId,
      functionArn: `arn:aws:lambda:us-east-1:000000000000:function:${mapping.functionName}`,
      condition,
      approximateInvokeCount: invokeCount,
    },
    responseContext: {
      statusCode: 200,
      executedVersion: '$LATEST',
      functionError: error ? 'Unhandled' : null,
    },
    version: '1.0',
    timestamp: now.toISOString(),
    KafkaBatchInfo: {
      batchSize: records.length,
      ...(mapping.eventSourceArn === undefined ? {} : { eventSourceArn: mapping.eventSourceArn }),
      bootstrapServers: event.bootstrapServers,
      payloadSize: Buffer.byteLength(payload),
      recordsInfo: summarise(records),
    },
    payload,
  }
}

function summarise(records: KafkaRecord[]) {
  const first = records[0]
  const last = records.at(-1)
  if (!first || !last) return {}
  return {
    [`${first.topic}-${first.partition}`]: {
      firstRecordOffset: String(first.offset),
      lastRecordOffset: String(last.offset),
      firstRecordTimestamp: new Date(first.timestamp).toISOString(),
      lastRecordTimestamp: new Date(last.timestamp).toISOString(),
    },
  }
}
