import type { PartitionLog } from '../storage/partition-log.ts'
import type { Topic, TopicStore } from '../storage/topic-store.ts'
import {
  array,
  arrayOf,
  int8,
  int16,
  int32,
  int64,
  NO_UUID,
  nullableBytes,
  optional,
  since,
  string,
  until,
  uuid,
} from '../wire/codec.ts'
import { type ErrorCode, errorCodes } from '../wire/error-codes.ts'
import { defineApi, type RequestOf, type ResponseOf, type Route, route } from './api.ts'

/**
 * Fetch. The response is sent at once if it has an error or at least `minBytes` of records, otherwise after so many bytes
 * were appended or after `maxWaitMs`.
 */
export function fetchRoute(topics: TopicStore): Route {
  return route(fetchApi, async (request, { signal }) => {
    const first = readAll(topics, request)
    if (first.failed || first.bytes >= request.minBytes || request.maxWaitMs <= 0) return first.response
    await untilAppended(
      partitionsOf(topics, request),
      request.minBytes - first.bytes,
      request.maxWaitMs,
      signal,
    )
    return signal.aborted ? null : readAll(topics, request).response
  })
}

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
    // With a session id of 0 the client sends full requests. This broker has no fetch sessions (KIP-227).
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

type FetchRequest = RequestOf<typeof fetchApi>
type FetchResponse = ResponseOf<typeof fetchApi>
type Wanted = FetchRequest['topics'][number]['partitions'][number]

/** Resolves when `bytes` were appended to these partitions, after `waitMs`, or when the connection or a partition closes. */
function untilAppended(
  partitions: PartitionLog[],
  bytes: number,
  waitMs: number,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve) => {
    let missing = bytes
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      for (const stop of stops) stop()
      resolve()
    }
    const timer = setTimeout(done, waitMs)
    signal.addEventListener('abort', done)
    const stops = partitions.map((partition) =>
      partition.onAppend((count) => {
        missing -= count
        if (count === 0 || missing <= 0) done()
      }),
    )
  })
}

function readAll(
  topics: TopicStore,
  request: FetchRequest,
): { response: FetchResponse; bytes: number; failed: boolean } {
  let bytes = 0
  let failed = false
  const results = request.topics.map((wanted) => {
    const topic = findTopic(topics, wanted)
    return {
      name: wanted.name,
      topicId: wanted.topicId,
      partitions: wanted.partitions.map((partition) => {
        const budget = { bytes: request.maxBytes - bytes, atLeastOne: bytes === 0 }
        const result = readOne(topic, wanted.topicId, partition, budget)
        bytes += result.records.length
        failed ||= result.errorCode !== errorCodes.NONE
        return result
      }),
    }
  })
  return { response: { topics: results }, bytes, failed }
}

const NO_RECORDS = Buffer.alloc(0)

/** The first batch of a response may exceed the limits, or a large record could never be read (KIP-74). */
function readOne(
  topic: Topic | undefined,
  topicId: string,
  wanted: Wanted,
  budget: { bytes: number; atLeastOne: boolean },
) {
  const partition = topic?.partitions[wanted.index]
  if (!partition) {
    const errorCode =
      topic || topicId === NO_UUID ? errorCodes.UNKNOWN_TOPIC_OR_PARTITION : errorCodes.UNKNOWN_TOPIC_ID
    return resultOf(wanted.index, errorCode, { startOffset: -1, endOffset: -1 })
  }
  if (wanted.fetchOffset < partition.startOffset || wanted.fetchOffset > partition.endOffset) {
    return resultOf(wanted.index, errorCodes.OFFSET_OUT_OF_RANGE, partition)
  }
  const records = partition.read(
    wanted.fetchOffset,
    Math.min(wanted.maxBytes, budget.bytes),
    budget.atLeastOne,
  )
  return resultOf(wanted.index, errorCodes.NONE, partition, records)
}

function resultOf(
  index: number,
  errorCode: ErrorCode,
  { startOffset, endOffset }: Pick<PartitionLog, 'startOffset' | 'endOffset'>,
  records: Buffer = NO_RECORDS,
) {
  return {
    index,
    errorCode,
    highWatermark: endOffset,
    lastStableOffset: endOffset,
    logStartOffset: startOffset,
    records,
  }
}

function partitionsOf(topics: TopicStore, request: FetchRequest): PartitionLog[] {
  return request.topics.flatMap((wanted) =>
    wanted.partitions.flatMap(({ index }) => findTopic(topics, wanted)?.partitions[index] ?? []),
  )
}

function findTopic(topics: TopicStore, wanted: { name: string; topicId: string }): Topic | undefined {
  return wanted.topicId === NO_UUID ? topics.find(wanted.name) : topics.findById(wanted.topicId)
}
