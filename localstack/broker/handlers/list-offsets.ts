import { listOffsetsApi } from '../messages/fetch.ts'
import { deleteRecordsApi } from '../messages/produce.ts'
import type { PartitionLog } from '../storage/partition-log.ts'
import { findLatestTime, findOffsetByTime } from '../storage/record-times.ts'
import type { TopicStore } from '../storage/topic-store.ts'
import { errorCodes } from '../wire/error-codes.ts'
import { type Route, route } from './route.ts'

const LATEST = -1
const EARLIEST = -2
const MAX_TIMESTAMP = -3
const EARLIEST_LOCAL = -4
const NOT_FOUND = { offset: -1, timestamp: -1 }

/** ListOffsets: the end, the start, the largest timestamp, or the first record at or after a time. */
export function listOffsetsRoute(topics: TopicStore): Route {
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

/** DeleteRecords: offset -1 is the end of the log. */
export function deleteRecordsRoute(topics: TopicStore): Route {
  return route(deleteRecordsApi, (request) => ({
    topics: request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ index, offset }) => {
        const partition = topics.find(name)?.partitions[index]
        if (!partition) return { index, lowWatermark: -1, errorCode: errorCodes.UNKNOWN_TOPIC_OR_PARTITION }
        if (offset < -1 || offset > partition.endOffset) {
          return { index, lowWatermark: -1, errorCode: errorCodes.OFFSET_OUT_OF_RANGE }
        }
        const lowWatermark = partition.deleteBefore(offset === -1 ? partition.endOffset : offset)
        return { index, lowWatermark, errorCode: errorCodes.NONE }
      }),
    })),
  }))
}

function find(partition: PartitionLog, timestamp: number): { offset: number; timestamp: number } {
  if (timestamp === LATEST) return { offset: partition.endOffset, timestamp: -1 }
  if (timestamp === EARLIEST || timestamp === EARLIEST_LOCAL)
    return { offset: partition.startOffset, timestamp: -1 }
  const found =
    timestamp === MAX_TIMESTAMP ? findLatestTime(partition) : findOffsetByTime(partition, timestamp)
  return found ?? NOT_FOUND
}
