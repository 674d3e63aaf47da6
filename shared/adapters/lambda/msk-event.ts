import { Buffer } from 'node:buffer'
import type { MSKEvent, SelfManagedKafkaEvent } from 'aws-lambda'
import { topicNames } from '#shared/adapters/kafka/prefixed-topics.ts'
import type { Position } from '#shared/core/event.ts'
import { logError } from '#shared/pipeline/log-error.ts'
import type { KafkaRecord } from '#shared/pipeline/ports.ts'

/** Records of producers from before Kafka 0.10 have no time. */
const NO_TIMESTAMP = -1

/** The event of a trigger: of an MSK cluster, or of any other Kafka, which has no ARN. */
export type KafkaTriggerEvent = MSKEvent | SelfManagedKafkaEvent

/**
 * Records that must be retried: the lowest offset of each partition that failed. An object, not a string: a string
 * retries the whole batch.
 */
export type BatchResponse = {
  readonly batchItemFailures: readonly {
    readonly itemIdentifier: { readonly partition: string; readonly offset: number }
  }[]
}

/**
 * Decodes the event of a trigger (https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html): base64 keys and values,
 * headers as arrays of signed bytes. A header without a value comes as an empty object, without its name
 * (https://github.com/Nike-Inc/hal/pull/144), and is left out. A record without a time has the one that Kafka writes then.
 */
export function recordsOf(event: KafkaTriggerEvent): KafkaRecord[] {
  return Object.values(event.records).flatMap((records) =>
    records.map(({ topic, partition, offset, timestamp, key, value, headers }) => ({
      topic,
      partition,
      offset,
      timestamp: timestamp ?? NO_TIMESTAMP,
      key: decodeBytes(key),
      value: decodeBytes(value),
      headers: (headers ?? []).flatMap((header) =>
        Object.entries(header ?? {}).flatMap(([name, bytes]) =>
          Array.isArray(bytes) ? [{ name, value: Buffer.from(bytes) }] : [],
        ),
      ),
    })),
  )
}

/** Reports failed partitions as the trigger reads them, and logs why. */
export function failuresOf(failed: readonly (Position & { readonly cause: unknown })[]): BatchResponse {
  const batchItemFailures = failed.map(({ topic, partition, offset, cause }) => {
    logError('partition failed', cause, { topic, partition, offset })
    return { itemIdentifier: { partition: `${topic}-${partition}`, offset } }
  })
  return { batchItemFailures }
}

/**
 * Reports every partition of an event as failed, from its first record: what a function returns that is out of time. All
 * of it comes again, and nothing is lost.
 */
export function allFailed({ records }: KafkaTriggerEvent, cause: unknown): BatchResponse {
  return failuresOf(Object.values(records).flatMap(([first]) => (first ? [{ ...first, cause }] : [])))
}

/** Some records of a batch failed, and the trigger does not read which. */
export class BatchFailed extends Error {
  readonly code = 'BATCH_FAILED'

  constructor(partitions: readonly string[]) {
    super(`records failed in ${partitions.join(', ')}; the batch comes again`)
    this.name = 'BatchFailed'
  }
}

/**
 * Returns a handler that reports failures as its trigger reads them: `report` leaves the response as it is, and `throw`
 * throws a `BatchFailed` for a response with failures. Without `ReportBatchItemFailures` Lambda takes any response for a
 * success (https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html), and what failed would be lost.
 */
export function reportFailures<Event, Context>(
  handle: (event: Event, context: Context) => Promise<BatchResponse>,
  how: 'report' | 'throw',
): (event: Event, context: Context) => Promise<BatchResponse> {
  if (how === 'report') return handle
  return async (event, context) => {
    const response = await handle(event, context)
    const failed = response.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier.partition)
    if (failed.length > 0) throw new BatchFailed(failed)
    return response
  }
}

/**
 * Returns a handler that gets the events of topics with a prefix, and calls one that knows the domains' names of topics. The
 * prefix is taken off the records and put on the partitions that failed.
 */
export function prefixedTrigger<Context>(
  handle: (event: KafkaTriggerEvent, context: Context) => Promise<BatchResponse>,
  topicPrefix: string,
): (event: KafkaTriggerEvent, context: Context) => Promise<BatchResponse> {
  if (topicPrefix === '') return handle
  const { ofDomain } = topicNames(topicPrefix)
  return async (event, context) => {
    const partitions = Object.entries(event.records).map(([name, records]) => [name, records.map(ofDomain)])
    const { batchItemFailures } = await handle({ ...event, records: Object.fromEntries(partitions) }, context)
    return {
      batchItemFailures: batchItemFailures.map(({ itemIdentifier: { partition, offset } }) => ({
        itemIdentifier: { partition: `${topicPrefix}${partition}`, offset },
      })),
    }
  }
}

function decodeBytes(text: string | null | undefined): Uint8Array | null {
  return typeof text === 'string' ? Buffer.from(text, 'base64') : null
}

/** Makes the handler of a function that topics trigger, from one that knows topics by the names of the domains. */
export function kafkaTrigger<Context>(
  handle: (event: KafkaTriggerEvent, context: Context) => Promise<BatchResponse>,
  {
    kafka,
    batchFailures,
  }: { readonly kafka: { readonly topicPrefix: string }; readonly batchFailures: 'report' | 'throw' },
): (event: KafkaTriggerEvent, context: Context) => Promise<BatchResponse> {
  return reportFailures(prefixedTrigger(handle, kafka.topicPrefix), batchFailures)
}
