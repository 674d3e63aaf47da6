import { fetchApi } from '../messages/fetch.ts'
import type { PartitionLog } from '../storage/partition-log.ts'
import type { Topic, TopicStore } from '../storage/topic-store.ts'
import type { RequestOf, ResponseOf } from '../wire/api.ts'
import { type ErrorCode, errorCodes } from '../wire/error-codes.ts'
import { NO_UUID } from '../wire/primitives.ts'
import { type Route, route } from './route.ts'

type FetchRequest = RequestOf<typeof fetchApi>
type FetchResponse = ResponseOf<typeof fetchApi>
type Wanted = FetchRequest['topics'][number]['partitions'][number]

const NO_RECORDS = Buffer.alloc(0)

/** Fetch: answers at once with an error or `minBytes` of records, else when so many were appended or after `maxWaitMs`. */
export function fetchRoute(topics: TopicStore): Route {
  return route(fetchApi, async (request, { signal }) => {
    const first = readAll(topics, request)
    if (first.failed || first.bytes >= request.minBytes || request.maxWaitMs <= 0) return first.response
    await appended(partitionsOf(topics, request), request.minBytes - first.bytes, request.maxWaitMs, signal)
    return signal.aborted ? null : readAll(topics, request).response
  })
}

/** Resolves after `bytes` more bytes in these partitions, after `waitMs`, or when the connection or a topic goes away. */
function appended(
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
  const answers = request.topics.map((wanted) => {
    const topic = findTopic(topics, wanted)
    return {
      name: wanted.name,
      topicId: wanted.topicId,
      partitions: wanted.partitions.map((partition) => {
        const answer = readOne(topic, wanted.topicId, partition, request.maxBytes - bytes, bytes === 0)
        bytes += answer.records.length
        failed ||= answer.errorCode !== errorCodes.NONE
        return answer
      }),
    }
  })
  return { response: { topics: answers }, bytes, failed }
}

/** The first batch of a response may exceed the limits, or a large record could never be read (KIP-74). */
function readOne(
  topic: Topic | undefined,
  topicId: string,
  wanted: Wanted,
  budget: number,
  atLeastOne: boolean,
) {
  const partition = topic?.partitions[wanted.index]
  if (!partition) {
    const errorCode =
      topic || topicId === NO_UUID ? errorCodes.UNKNOWN_TOPIC_OR_PARTITION : errorCodes.UNKNOWN_TOPIC_ID
    return answer(wanted.index, errorCode, -1, -1, NO_RECORDS)
  }
  const { startOffset, endOffset } = partition
  if (wanted.fetchOffset < startOffset || wanted.fetchOffset > endOffset) {
    return answer(wanted.index, errorCodes.OFFSET_OUT_OF_RANGE, endOffset, startOffset, NO_RECORDS)
  }
  const records = partition.read(wanted.fetchOffset, Math.min(wanted.maxBytes, budget), atLeastOne)
  return answer(wanted.index, errorCodes.NONE, endOffset, startOffset, records)
}

function answer(index: number, errorCode: ErrorCode, end: number, logStartOffset: number, records: Buffer) {
  return { index, errorCode, highWatermark: end, lastStableOffset: end, logStartOffset, records }
}

function partitionsOf(topics: TopicStore, request: FetchRequest): PartitionLog[] {
  return request.topics.flatMap((wanted) =>
    wanted.partitions.flatMap(({ index }) => findTopic(topics, wanted)?.partitions[index] ?? []),
  )
}

function findTopic(topics: TopicStore, wanted: { name: string; topicId: string }): Topic | undefined {
  return wanted.topicId === NO_UUID ? topics.find(wanted.name) : topics.findById(wanted.topicId)
}
