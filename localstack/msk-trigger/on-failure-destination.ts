import { randomUUID } from 'node:crypto'
import type { Kafka, Producer } from 'kafkajs'
import type { FunctionError } from './lambda-invoker.ts'
import type { Mapping } from './mapping.ts'
import type { KafkaRecord, LambdaKafkaEvent } from './to-lambda-event.ts'

/** A batch that is given up, and why. `invokeCount` counts the invocations that had it. */
export type Discarded = {
  mapping: Mapping
  records: KafkaRecord[]
  event: LambdaKafkaEvent
  /** The last two are ours: what Lambda does with such a record is not documented. */
  condition: 'RetryAttemptsExhausted' | 'RecordAgeExceeded' | 'RecordTooLarge' | 'RecordUnreadable'
  invokeCount: number
  error?: FunctionError
}

type OnFailureDestination = {
  /** Rejects if the on-failure topic cannot be written. Does nothing for a mapping without one. */
  discard(discarded: Discarded): Promise<void>
  close(): Promise<void>
}

/** Writes discarded batches to the on-failure topics with one producer, which connects at its first use. */
export function createOnFailureDestination(kafka: Kafka): OnFailureDestination {
  let connected: Promise<Producer> | undefined

  async function connect(): Promise<Producer> {
    const producer = kafka.producer({ allowAutoTopicCreation: false })
    await producer.connect()
    return producer
  }

  return {
    async discard(discarded) {
      const { mapping, records } = discarded
      if (!mapping.onFailureTopic) return
      const record = toInvocationRecord(discarded, { requestId: randomUUID(), now: new Date() })
      const messages = [{ key: `${mapping.topic}-${records[0]?.partition}`, value: JSON.stringify(record) }]
      connected ??= connect()
      try {
        const producer = await connected
        await producer.send({ topic: mapping.onFailureTopic, acks: -1, messages })
      } catch (error) {
        // A producer that failed to connect never recovers, so the next attempt makes a new one.
        connected.then((producer) => producer.disconnect()).catch(() => {})
        connected = undefined
        throw error
      }
    },
    async close() {
      const producer = await connected?.catch(() => undefined)
      await producer?.disconnect()
    },
  }
}

/** What a topic takes by default is 1 MB, with the rest of the description. */
const MOST_PAYLOAD_BYTES = 900_000

/**
 * Describes a discarded batch as Lambda does for its on-failure destination. `payload` is the event as JSON,
 * which Lambda adds for the destinations that have room for it.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/kafka-on-failure.html
 */
function toInvocationRecord(discarded: Discarded, { requestId, now }: { requestId: string; now: Date }) {
  const { mapping, records, event, condition, invokeCount, error } = discarded
  const payload = JSON.stringify(event)
  const payloadSize = Buffer.byteLength(payload)
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
      payloadSize,
      recordsInfo: summarise(records),
    },
    ...(payloadSize <= MOST_PAYLOAD_BYTES ? { payload } : {}),
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
