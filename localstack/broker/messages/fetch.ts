import { defineApi } from '../wire/api.ts'
import { array, arrayOf, optional, since, until } from '../wire/codec.ts'
import { int8, int16, int32, int64, NO_UUID, nullableBytes, string, uuid } from '../wire/primitives.ts'

// Fetch Request  => replica_id max_wait_ms min_bytes max_bytes isolation_level session_id session_epoch
//                   [topic|topic_id [partition current_leader_epoch fetch_offset last_fetched_epoch
//                                    log_start_offset partition_max_bytes]]
//                   [forgotten topic|topic_id [partitions]] rack_id
// Fetch Response => throttle_time_ms error_code session_id
//                   [topic|topic_id [partition_index error_code high_watermark last_stable_offset
//                                    log_start_offset [aborted_transactions] preferred_read_replica records]]
export const fetchApi = defineApi(
  { key: 1, name: 'Fetch', versions: [4, 17], flexibleFrom: 12 },
  {
    replicaId: until(14, int32, -1),
    maxWaitMs: int32,
    minBytes: int32,
    maxBytes: int32,
    isolationLevel: int8,
    sessionId: since(7, int32, 0),
    sessionEpoch: since(7, int32, -1),
    topics: arrayOf({
      name: until(12, string, ''),
      topicId: since(13, uuid, NO_UUID),
      partitions: arrayOf({
        index: int32,
        currentLeaderEpoch: since(9, int32, -1),
        fetchOffset: int64,
        lastFetchedEpoch: since(12, int32, -1),
        logStartOffset: since(5, int64, -1),
        maxBytes: int32,
      }),
    }),
    forgotten: since(
      7,
      arrayOf({
        name: until(12, string, ''),
        topicId: since(13, uuid, NO_UUID),
        partitions: array(int32),
      }),
      [],
    ),
    rackId: since(11, string, ''),
  },
  {
    throttleTimeMs: optional(int32, 0),
    errorCode: since(7, int16, 0),
    // A session id of 0 tells the client to send full requests: this broker keeps no fetch sessions (KIP-227).
    sessionId: since(7, int32, 0),
    topics: arrayOf({
      name: until(12, string, ''),
      topicId: since(13, uuid, NO_UUID),
      partitions: arrayOf({
        index: int32,
        errorCode: int16,
        highWatermark: int64,
        lastStableOffset: int64,
        logStartOffset: since(5, int64, -1),
        abortedTransactions: optional(arrayOf({ producerId: int64, firstOffset: int64 }), []),
        preferredReadReplica: since(11, int32, -1),
        records: nullableBytes,
      }),
    }),
  },
)

// ListOffsets Request  => replica_id isolation_level [name [partition_index current_leader_epoch timestamp]]
// ListOffsets Response => throttle_time_ms [name [partition_index error_code timestamp offset leader_epoch]]
export const listOffsetsApi = defineApi(
  { key: 2, name: 'ListOffsets', versions: [1, 8], flexibleFrom: 6 },
  {
    replicaId: int32,
    isolationLevel: since(2, int8, 0),
    topics: arrayOf({
      name: string,
      partitions: arrayOf({ index: int32, currentLeaderEpoch: since(4, int32, -1), timestamp: int64 }),
    }),
  },
  {
    throttleTimeMs: since(2, int32, 0),
    topics: arrayOf({
      name: string,
      partitions: arrayOf({
        index: int32,
        errorCode: int16,
        timestamp: int64,
        offset: int64,
        leaderEpoch: since(4, int32, 0),
      }),
    }),
  },
)
