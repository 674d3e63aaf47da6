import type { WriteWatch } from '../../trouble/watch-writes.ts'
import type { PartitionLog } from '../storage/partition-log.ts'
import type { TopicStore } from '../storage/topic-store.ts'
import { arrayOf, int8, int16, int32, int64, optional, since, string } from '../wire/codec.ts'
import { errorCodes } from '../wire/error-codes.ts'
import { defineApi, type Route, route } from './api.ts'

/** ListOffsets and DeleteRecords. */
export function listOffsetsRoutes(broker: { topics: TopicStore; disk: WriteWatch }): Route[] {
  return [listOffsetsRoute(broker.topics), deleteRecordsRoute(broker)]
}

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

// The timestamps of ListOffsets that are not times.
const LATEST = -1
const EARLIEST = -2
const MAX_TIMESTAMP = -3
const EARLIEST_LOCAL = -4

const NOT_FOUND = { offset: -1, timestamp: -1 }

function listOffsetsRoute(topics: TopicStore): Route {
  return route(listOffsetsApi, (request) => ({
    topics: request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ index, timestamp }) => {
        const partition = topics.find(name)?.partitions[index]
        return partition
          ? { index, errorCode: errorCodes.NONE, ...find(partition, timestamp) }
          : { index, errorCode: errorCodes.UNKNOWN_TOPIC_OR_PARTITION, ...NOT_FOUND }
      }),
    })),
  }))
}

function find(partition: PartitionLog, timestamp: number): { offset: number; timestamp: number } {
  if (timestamp === LATEST) return { offset: partition.endOffset, timestamp: -1 }
  if (timestamp === EARLIEST || timestamp === EARLIEST_LOCAL)
    return { offset: partition.startOffset, timestamp: -1 }
  const found = timestamp === MAX_TIMESTAMP ? partition.findLatest() : partition.findByTime(timestamp)
  return found ?? NOT_FOUND
}

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

/** Offset -1 is the end of the log. */
function deleteRecordsRoute({ topics, disk }: { topics: TopicStore; disk: WriteWatch }): Route {
  return route(deleteRecordsApi, (request) => ({
    topics: request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ index, offset }) => {
        const partition = topics.find(name)?.partitions[index]
        if (!partition) return { index, lowWatermark: -1, errorCode: errorCodes.UNKNOWN_TOPIC_OR_PARTITION }
        if (offset < -1 || offset > partition.endOffset) {
          return { index, lowWatermark: -1, errorCode: errorCodes.OFFSET_OUT_OF_RANGE }
        }
        return disk.attempt(
          () => {
            const lowWatermark = partition.deleteBefore(offset === -1 ? partition.endOffset : offset)
            return { index, lowWatermark, errorCode: errorCodes.NONE }
          },
          () => ({ index, lowWatermark: -1, errorCode: errorCodes.KAFKA_STORAGE_ERROR }),
        )
      }),
    })),
  }))
}
