import { defineApi } from '../wire/api.ts'
import { arrayOf, optional, since } from '../wire/codec.ts'
import { int16, int32, int64, nullableBytes, nullableString, string } from '../wire/primitives.ts'

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

// DeleteRecords Request  => [name [partition_index offset]] timeout_ms
// DeleteRecords Response => throttle_time_ms [name [partition_index low_watermark error_code]]
export const deleteRecordsApi = defineApi(
  { key: 21, name: 'DeleteRecords', versions: [0, 2], flexibleFrom: 2 },
  {
    topics: arrayOf({ name: string, partitions: arrayOf({ index: int32, offset: int64 }) }),
    timeoutMs: int32,
  },
  {
    throttleTimeMs: optional(int32, 0),
    topics: arrayOf({
      name: string,
      partitions: arrayOf({ index: int32, lowWatermark: int64, errorCode: int16 }),
    }),
  },
)
