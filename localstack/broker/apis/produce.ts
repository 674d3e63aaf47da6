import type { WriteWatch } from '../../trouble/watch-writes.ts'
import { type BatchRules, checkBatch } from '../storage/check-batch.ts'
import type { PartitionLog } from '../storage/partition-log.ts'
import type { BatchHeader } from '../storage/record-batch.ts'
import { itemsOf } from '../storage/topic-configs.ts'
import type { Topic, TopicStore } from '../storage/topic-store.ts'
import {
  arrayOf,
  int16,
  int32,
  int64,
  nullableBytes,
  nullableString,
  optional,
  since,
  string,
} from '../wire/codec.ts'
import { type ErrorCode, errorCodes } from '../wire/error-codes.ts'
import { defineApi, type Route, route } from './api.ts'

/** Produce and InitProducerId. */
export function produceRoutes(broker: {
  topics: TopicStore
  nextProducerId(): number
  disk: WriteWatch
  log(line: string): void
}): Route[] {
  return [produceRoute(broker), initProducerIdRoute(broker)]
}

// Produce Request  => transactional_id acks timeout_ms [name [index records]]
// Produce Response => [name [index error_code base_offset log_append_time_ms log_start_offset
//                            [record_errors] error_message]] throttle_time_ms
export const produceApi = defineApi(
  { key: 0, name: 'Produce', versions: [3, 12], flexibleFrom: 9 },
  {
    transactionalId: nullableString,
    acks: int16,
    timeoutMs: int32,
    topics: arrayOf({ name: string, partitions: arrayOf({ index: int32, records: nullableBytes }) }),
  },
  {
    topics: arrayOf({
      name: string,
      partitions: arrayOf({
        index: int32,
        errorCode: int16,
        baseOffset: int64,
        logAppendTimeMs: optional(int64, -1),
        logStartOffset: since(5, int64, -1),
        recordErrors: since(8, arrayOf({ batchIndex: int32, message: nullableString }), []),
        errorMessage: since(8, nullableString, null),
      }),
    }),
    throttleTimeMs: optional(int32, 0),
  },
)

type Outcome = {
  errorCode: ErrorCode
  baseOffset: number
  logStartOffset?: number
  recordErrors?: { batchIndex: number; message: string }[]
  errorMessage?: string
}

/** With acks 1 and -1 the response is sent after the records are in the file. Acks 0 has no response. */
function produceRoute({
  topics,
  disk,
  log,
}: {
  topics: TopicStore
  disk: WriteWatch
  log(line: string): void
}): Route {
  const produce = (name: string, index: number, records: Buffer | null): Outcome => {
    const topic = topics.find(name)
    const partition = topic?.partitions[index]
    if (!topic || !partition) {
      log(`records for ${name}-${index} are refused: there is no such partition`)
      return refused(errorCodes.UNKNOWN_TOPIC_OR_PARTITION)
    }
    const checked = checkBatch(records, rulesOf(topics, topic))
    if ('errorCode' in checked) {
      const { errorCode, errorMessage, records: recordErrors } = checked
      log(`a batch for ${name}-${index} is refused: ${errorMessage}`)
      return { ...refused(errorCode, errorMessage), recordErrors }
    }
    return disk.attempt(
      () => append(partition, checked.batch, checked.header),
      (reason) => refused(errorCodes.KAFKA_STORAGE_ERROR, reason),
    )
  }

  return route(produceApi, ({ acks, topics: produced, transactionalId }) => {
    const refusal = checkRequest(acks, transactionalId)
    const response = {
      topics: produced.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ index, records }) => ({
          index,
          ...(refusal ?? produce(name, index, records)),
        })),
      })),
    }
    if (acks !== 0) return response
    // Without a response, a closed connection is all that its client can notice, as with Apache Kafka.
    const failed = response.topics.some(({ partitions }) =>
      partitions.some(({ errorCode }) => errorCode !== errorCodes.NONE),
    )
    if (failed) throw new Error('records without acknowledgement (acks=0) are refused')
    return null
  })
}

function checkRequest(acks: number, transactionalId: string | null): Outcome | undefined {
  if (transactionalId !== null) {
    return refused(
      errorCodes.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
      'transactions are not supported by this development broker',
    )
  }
  return acks < -1 || acks > 1 ? refused(errorCodes.INVALID_REQUIRED_ACKS) : undefined
}

function rulesOf(topics: TopicStore, topic: Topic): BatchRules {
  const now = Date.now()
  return {
    maxBytes: topics.setting(topic, 'max.message.bytes'),
    needsKeys: itemsOf(topics.configs.valueOf(topic.configs, 'cleanup.policy')).includes('compact'),
    earliest: now - topics.setting(topic, 'message.timestamp.before.max.ms'),
    latest: now + topics.setting(topic, 'message.timestamp.after.max.ms'),
  }
}

function append(partition: PartitionLog, batch: Buffer, header: BatchHeader): Outcome {
  const sequence = partition.checkSequence(header)
  if (sequence.verdict === 'refuse') return refused(sequence.errorCode)
  const baseOffset = sequence.verdict === 'duplicate' ? sequence.baseOffset : partition.append(batch, header)
  return { errorCode: errorCodes.NONE, baseOffset, logStartOffset: partition.startOffset }
}

function refused(errorCode: ErrorCode, errorMessage?: string): Outcome {
  return { errorCode, baseOffset: -1, ...(errorMessage === undefined ? {} : { errorMessage }) }
}

// InitProducerId Request  => transactional_id transaction_timeout_ms producer_id producer_epoch
// InitProducerId Response => throttle_time_ms error_code producer_id producer_epoch
export const initProducerIdApi = defineApi(
  { key: 22, name: 'InitProducerId', versions: [0, 5], flexibleFrom: 2 },
  {
    transactionalId: nullableString,
    transactionTimeoutMs: int32,
    producerId: since(3, int64, -1),
    producerEpoch: since(3, int16, -1),
  },
  { throttleTimeMs: optional(int32, 0), errorCode: int16, producerId: int64, producerEpoch: int16 },
)

/** InitProducerId for idempotent producers. */
function initProducerIdRoute({
  nextProducerId,
  disk,
}: {
  nextProducerId(): number
  disk: WriteWatch
}): Route {
  const refuse = (errorCode: ErrorCode) => ({ errorCode, producerId: -1, producerEpoch: -1 })
  return route(initProducerIdApi, ({ transactionalId }) =>
    transactionalId === null
      ? disk.attempt(
          () => ({ errorCode: errorCodes.NONE, producerId: nextProducerId(), producerEpoch: 0 }),
          // Clients try again.
          () => refuse(errorCodes.COORDINATOR_LOAD_IN_PROGRESS),
        )
      : refuse(errorCodes.TRANSACTIONAL_ID_AUTHORIZATION_FAILED),
  )
}
