import { statfsSync } from 'node:fs'
import type { TopicStore } from '../storage/topic-store.ts'
import {
  array,
  arrayOf,
  boolean,
  int16,
  int32,
  int64,
  nullableArray,
  optional,
  since,
  string,
  struct,
} from '../wire/codec.ts'
import { errorCodes } from '../wire/error-codes.ts'
import { defineApi, type Route, route } from './api.ts'

// DescribeLogDirs Request  => [topic [partitions]]
// DescribeLogDirs Response => throttle_time_ms error_code [error_code log_dir
//                             [name [partition_index partition_size offset_lag is_future_key]]
//                             total_bytes usable_bytes is_cordoned]
export const describeLogDirsApi = defineApi(
  { key: 35, name: 'DescribeLogDirs', versions: [1, 5], flexibleFrom: 2 },
  { topics: nullableArray(struct({ name: string, partitions: array(int32) })) },
  {
    throttleTimeMs: optional(int32, 0),
    errorCode: since(3, int16, 0),
    results: arrayOf({
      errorCode: int16,
      directory: string,
      topics: arrayOf({
        name: string,
        partitions: arrayOf({
          index: int32,
          bytes: int64,
          offsetLag: optional(int64, 0),
          isFuture: optional(boolean, false),
        }),
      }),
      totalBytes: since(4, int64, -1),
      usableBytes: since(4, int64, -1),
      isCordoned: since(5, boolean, false),
    }),
  },
)

/** The one directory of the broker, with the sizes of its partitions. Partitions that do not exist are left out. */
export function describeLogDirsRoute(topics: TopicStore, dataDir: string): Route {
  return route(describeLogDirsApi, (request) => {
    const wanted =
      request.topics ??
      topics.list().map(({ name, partitions }) => ({ name, partitions: [...partitions.keys()] }))
    const described = wanted.map(({ name, partitions }) => ({
      name,
      partitions: partitions.flatMap((index) => {
        const partition = topics.find(name)?.partitions[index]
        return partition ? [{ index, bytes: partition.bytes() }] : []
      }),
    }))
    const directory = {
      errorCode: errorCodes.NONE,
      directory: dataDir,
      topics: described.filter(({ partitions }) => partitions.length > 0),
      ...sizeOfVolume(dataDir),
    }
    return { results: [directory] }
  })
}

function sizeOfVolume(dataDir: string) {
  const { bsize, blocks, bavail } = statfsSync(dataDir)
  return { totalBytes: blocks * bsize, usableBytes: bavail * bsize }
}
