import { decompressRecords, MOST_RECORD_BYTES } from '#shared/adapters/kafka/records/decompress.ts'
import { UnreadableRecords } from '#shared/adapters/kafka/records/unreadable-records.ts'
import { type ErrorCode, errorCodes } from '../wire/error-codes.ts'
import { MalformedRequestError, Reader } from '../wire/reader.ts'
import {
  BATCH_HEADER_BYTES,
  type BatchHeader,
  batchBytes,
  hasValidChecksum,
  magicOf,
  readBatchHeader,
  setMaxTimestamp,
} from './record-batch.ts'

/** What a topic demands of the batches that are produced to it. */
export type BatchRules = {
  /** `max.message.bytes` */
  maxBytes: number
  /** Whether `cleanup.policy` has `compact`, so that each record must have a key. */
  needsKeys: boolean
  /** The first and the last time that a record may have, ms since 1970. */
  earliest: number
  latest: number
}

/** Why a batch is not accepted. `records` names those that are the reason, by their index in the batch. */
export type BatchRefusal = {
  errorCode: ErrorCode
  errorMessage: string
  records: { batchIndex: number; message: string }[]
}

/** Of a batch before its magic byte, and with it. */
const SIZE_BYTES = 12
const MAGIC_BYTES = 17
/** The record format that is older than magic 2 begins with as many bytes at least. */
const SMALLEST_SIZE = 14
/** A record without a time. */
const NO_TIMESTAMP = -1

/**
 * Checks the records that a client has produced to one partition, by the rules of Apache Kafka 4 (`ProduceRequest`,
 * `UnifiedLog` and `LogValidator`) and with its error codes. They must be one whole batch of magic 2. Decompresses the
 * records, and reads each of them: what is acknowledged can be read again.
 *
 * It is stricter than Kafka in one way: the offsets of the records must be 0, 1, 2, … in their batch whether it is
 * compressed or not, because their consumers would compute wrong offsets otherwise.
 *
 * Corrects the header's `max_timestamp` and timestamp type, as Kafka does.
 */
export function checkBatch(
  records: Buffer | null,
  rules: BatchRules,
): { batch: Buffer; header: BatchHeader } | BatchRefusal {
  const framed = frame(records ?? Buffer.alloc(0))
  if (!Buffer.isBuffer(framed)) return framed
  const header = readBatchHeader(framed)
  const refusal = headerProblem(framed, header, rules)
  if (refusal) return refusal
  const content = decompressed(header, framed)
  if (!Buffer.isBuffer(content)) return content
  const maxTimestamp = readRecords(content, header, rules)
  if (typeof maxTimestamp !== 'number') return maxTimestamp
  if (maxTimestamp === header.maxTimestamp && !header.appendTime) return { batch: framed, header }
  setMaxTimestamp(framed, maxTimestamp)
  return { batch: framed, header: readBatchHeader(framed) }
}

/** Cuts the one batch out of what was produced. Less than a batch after it is ignored, as by Kafka. */
function frame(records: Buffer): Buffer | BatchRefusal {
  const size = sizeOfFirst(records)
  if (typeof size !== 'number') return size
  if (size === 0) return invalid('the records are no whole batch')
  const magic = magicOf(records)
  if (magic < 2) return invalid(`message format ${magic} is not accepted; batches have magic 2`)
  const after = sizeOfFirst(records.subarray(size))
  if (typeof after !== 'number') return after
  return after === 0 ? records.subarray(0, size) : invalid('one record batch per partition is allowed')
}

/** The size of the batch at the beginning; 0 if there is none that is whole. */
function sizeOfFirst(records: Buffer): number | BatchRefusal {
  if (records.length < SIZE_BYTES) return 0
  const size = batchBytes(records, 0)
  if (size - SIZE_BYTES < SMALLEST_SIZE)
    return corrupt(
      `Record size ${size - SIZE_BYTES} is less than the minimum record overhead (${SMALLEST_SIZE})`,
    )
  if (records.length < MAGIC_BYTES) return 0
  const magic = magicOf(records)
  if (magic < 0 || magic > 2) return corrupt(`Invalid magic found in record: ${magic}`)
  return records.length < size ? 0 : size
}

function headerProblem(batch: Buffer, header: BatchHeader, rules: BatchRules): BatchRefusal | undefined {
  if (header.baseOffset !== 0)
    return invalid(`The baseOffset of the record batch should be 0, but it is ${header.baseOffset}`)
  if (batch.length > rules.maxBytes) {
    const reason = `The record batch has ${batch.length} bytes, more than max.message.bytes (${rules.maxBytes})`
    return refusal(errorCodes.MESSAGE_TOO_LARGE, reason)
  }
  if (batch.length < BATCH_HEADER_BYTES) return corrupt('the record batch is smaller than its header')
  if (!hasValidChecksum(batch)) return corrupt('the checksum of the record batch is wrong')
  if (header.recordCount < 1 || header.recordCount !== header.lastOffset + 1)
    return invalid(
      `The record batch has ${header.recordCount} records and a last offset delta of ${header.lastOffset}`,
    )
  if (header.transactional)
    return refusal(errorCodes.TRANSACTIONAL_ID_AUTHORIZATION_FAILED, 'transactions are not supported')
  if (header.control) return invalid('Clients are not allowed to write control records')
  if (header.producerId >= 0 && header.baseSequence < 0)
    return invalid(`The sequence ${header.baseSequence} of an idempotent producer is invalid`)
  return undefined
}

/** Kafka does not catch what its codecs throw, and responds with an unknown error. */
function decompressed({ compression }: BatchHeader, batch: Buffer): Buffer | BatchRefusal {
  try {
    return decompressRecords(compression, batch.subarray(BATCH_HEADER_BYTES))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    if (error instanceof UnreadableRecords && error.isTooLarge)
      return refusal(errorCodes.MESSAGE_TOO_LARGE, `the records have more than ${MOST_RECORD_BYTES} bytes`)
    return refusal(errorCodes.UNKNOWN_SERVER_ERROR, `the records cannot be decompressed: ${reason}`)
  }
}

/** Returns the largest timestamp of the records. */
function readRecords(content: Buffer, header: BatchHeader, rules: BatchRules): number | BatchRefusal {
  const reader = new Reader(content, { version: 0, flexible: false })
  const keyless: BatchRefusal['records'] = []
  const mistimed: BatchRefusal['records'] = []
  let latest = NO_TIMESTAMP
  try {
    for (let index = 0; index < header.recordCount; index += 1) {
      const { timestampDelta, offsetDelta, hasKey } = readRecord(reader)
      if (offsetDelta !== index) return invalid(`record ${index} has the offset ${offsetDelta} in its batch`)
      const timestamp = header.baseTimestamp + timestampDelta
      latest = Math.max(latest, timestamp)
      if (rules.needsKeys && !hasKey)
        keyless.push({ batchIndex: index, message: 'Compacted topic cannot accept message without key' })
      else if (timestamp !== NO_TIMESTAMP && (timestamp < rules.earliest || timestamp > rules.latest)) {
        const range = `[${rules.earliest}, ${rules.latest}]`
        const message = `Timestamp ${timestamp} of message with offset ${index} is out of range. The timestamp should be within ${range}`
        mistimed.push({ batchIndex: index, message })
      }
    }
  } catch (error) {
    if (error instanceof MalformedRequestError) return invalid(`a record is malformed: ${error.message}`)
    throw error
  }
  if (reader.remaining > 0) return invalid(`${reader.remaining} bytes come after the last record`)
  return refusalOf(keyless, mistimed) ?? latest
}

function refusalOf(
  keyless: BatchRefusal['records'],
  mistimed: BatchRefusal['records'],
): BatchRefusal | undefined {
  const [first] = [...keyless, ...mistimed]
  if (!first) return undefined
  const errorCode = keyless.length > 0 ? errorCodes.INVALID_RECORD : errorCodes.INVALID_TIMESTAMP
  const records = [...keyless, ...mistimed].toSorted((left, right) => left.batchIndex - right.batchIndex)
  return {
    errorCode,
    errorMessage: `One or more records have been rejected: ${first.message}`,
    records,
  }
}

// Record => length VARINT · attributes INT8 · timestamp_delta VARLONG · offset_delta VARINT
//           key_length VARINT · key · value_length VARINT · value · [name_length name value_length value]
function readRecord(reader: Reader) {
  const length = reader.varlong()
  const end = reader.position + length
  if (length < 0 || length > reader.remaining) throw new MalformedRequestError(`it has ${length} bytes`)
  reader.int8()
  const timestampDelta = reader.varlong()
  const offsetDelta = reader.varlong()
  const hasKey = skipNullable(reader)
  skipNullable(reader)
  const headers = reader.varlong()
  if (headers < 0) throw new MalformedRequestError(`it has ${headers} headers`)
  for (let left = headers; left > 0; left -= 1) {
    if (!skipNullable(reader)) throw new MalformedRequestError('a header has no key')
    skipNullable(reader)
  }
  if (reader.position !== end)
    throw new MalformedRequestError(
      `its length is ${length}, its fields end ${reader.position - end} bytes off`,
    )
  return { timestampDelta, offsetDelta, hasKey }
}

/** Returns whether the bytes are there: -1 is null. */
function skipNullable(reader: Reader): boolean {
  const length = reader.varlong()
  if (length === -1) return false
  reader.skip(length)
  return true
}

function refusal(errorCode: ErrorCode, errorMessage: string): BatchRefusal {
  return { errorCode, errorMessage, records: [] }
}

function invalid(reason: string): BatchRefusal {
  return refusal(errorCodes.INVALID_RECORD, reason)
}

function corrupt(reason: string): BatchRefusal {
  return refusal(errorCodes.CORRUPT_MESSAGE, reason)
}
