import { initProducerIdApi, produceApi } from '../messages/produce.ts'
import type { PartitionLog } from '../storage/partition-log.ts'
import {
  BATCH_HEADER_BYTES,
  type BatchHeader,
  batchBytes,
  hasValidChecksum,
  magicOf,
  readBatchHeader,
} from '../storage/record-batch.ts'
import type { TopicStore } from '../storage/topic-store.ts'
import { type ErrorCode, errorCodes } from '../wire/error-codes.ts'
import { type Route, route } from './route.ts'

type Outcome = { errorCode: ErrorCode; baseOffset: number; logStartOffset?: number; errorMessage?: string }

/** Produce: the answer to acks 1 and -1 comes after the records are in the file; acks 0 has no answer. */
export function produceRoute(options: { topics: TopicStore; log(line: string): void }): Route {
  const { topics } = options
  const produce = (name: string, index: number, records: Buffer | null): Outcome => {
    const topic = topics.find(name)
    const partition = topic?.partitions[index]
    if (!topic || !partition) return refused(errorCodes.UNKNOWN_TOPIC_OR_PARTITION)
    const checked = checkBatch(records ?? Buffer.alloc(0), topics.setting(topic, 'max.message.bytes'))
    if ('errorCode' in checked) return checked
    try {
      return append(partition, checked.batch, checked.header)
    } catch (error) {
      options.log(`could not append to ${name}-${index}: ${error}`)
      return refused(errorCodes.KAFKA_STORAGE_ERROR)
    }
  }

  return route(produceApi, ({ acks, topics: produced, transactionalId }) => {
    const refusal = refusalOf(acks, transactionalId)
    const response = {
      topics: produced.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ index, records }) => ({
          index,
          ...(refusal ?? produce(name, index, records)),
        })),
      })),
    }
    return acks === 0 ? null : response
  })
}

/** InitProducerId for idempotent producers. */
export function initProducerIdRoute(nextProducerId: () => number): Route {
  return route(initProducerIdApi, ({ transactionalId }) =>
    transactionalId === null
      ? { errorCode: errorCodes.NONE, producerId: nextProducerId(), producerEpoch: 0 }
      : {
          errorCode: errorCodes.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
          producerId: -1,
          producerEpoch: -1,
        },
  )
}

function refusalOf(acks: number, transactionalId: string | null): Outcome | undefined {
  if (transactionalId !== null) {
    return refused(
      errorCodes.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
      'transactions are not supported by this development broker',
    )
  }
  return acks < -1 || acks > 1 ? refused(errorCodes.INVALID_REQUIRED_ACKS) : undefined
}

function append(partition: PartitionLog, batch: Buffer, header: BatchHeader): Outcome {
  const sequence = partition.checkSequence(header)
  if (sequence.verdict === 'refuse') return refused(sequence.errorCode)
  const baseOffset = sequence.verdict === 'duplicate' ? sequence.baseOffset : partition.append(batch, header)
  return { errorCode: errorCodes.NONE, baseOffset, logStartOffset: partition.startOffset }
}

/** Produce v3 and later carries exactly one batch of magic 2 per partition. */
function checkBatch(batch: Buffer, maxBytes: number): { batch: Buffer; header: BatchHeader } | Outcome {
  const magic = magicOf(batch)
  if (magic === 0 || magic === 1) return refused(errorCodes.UNSUPPORTED_FOR_MESSAGE_FORMAT)
  if (batch.length < BATCH_HEADER_BYTES || magic !== 2) return refused(errorCodes.CORRUPT_MESSAGE)
  if (batchBytes(batch, 0) !== batch.length) {
    return batchBytes(batch, 0) < batch.length
      ? refused(errorCodes.INVALID_RECORD, 'one record batch per partition is allowed')
      : refused(errorCodes.CORRUPT_MESSAGE)
  }
  if (batch.length > maxBytes) return refused(errorCodes.MESSAGE_TOO_LARGE)
  if (!hasValidChecksum(batch)) return refused(errorCodes.CORRUPT_MESSAGE)
  const header = readBatchHeader(batch)
  if (header.recordCount < 1 || header.recordCount !== header.lastOffset - header.baseOffset + 1) {
    return refused(errorCodes.INVALID_RECORD, 'the record count does not match the offsets')
  }
  if (header.transactional || header.control) {
    return refused(errorCodes.INVALID_RECORD, 'transactional and control batches are not supported')
  }
  return { batch, header }
}

function refused(errorCode: ErrorCode, errorMessage?: string): Outcome {
  return { errorCode, baseOffset: -1, ...(errorMessage === undefined ? {} : { errorMessage }) }
}
