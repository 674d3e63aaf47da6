import type { WriteWatch } from '../../trouble/watch-writes.ts'
import type { Coordinator } from '../groups/coordinator.ts'
import type { OffsetEntry, OffsetStore } from '../storage/offset-store.ts'
import type { TopicStore } from '../storage/topic-store.ts'
import {
  array,
  arrayOf,
  between,
  boolean,
  int16,
  int32,
  int64,
  nullableArray,
  nullableString,
  optional,
  since,
  string,
  struct,
  until,
} from '../wire/codec.ts'
import { errorCodes } from '../wire/error-codes.ts'
import { defineApi, type Route, route } from './api.ts'

type Stores = { coordinator: Coordinator; offsets: OffsetStore; topics: TopicStore; disk: WriteWatch }

/** OffsetCommit, OffsetFetch and OffsetDelete. */
export function offsetRoutes(stores: Stores): Route[] {
  return [offsetCommitRoute(stores), offsetFetchRoute(stores), offsetDeleteRoute(stores)]
}

// OffsetCommit Request  => group_id generation_id member_id group_instance_id retention_time_ms
//                          [name [partition_index committed_offset committed_leader_epoch metadata]]
// OffsetCommit Response => throttle_time_ms [name [partition_index error_code]]
export const offsetCommitApi = defineApi(
  { key: 8, name: 'OffsetCommit', versions: [2, 9], flexibleFrom: 8 },
  {
    groupId: string,
    generationId: int32,
    memberId: string,
    groupInstanceId: since(7, nullableString, null),
    retentionTimeMs: between(2, 4, int64, -1),
    topics: arrayOf({
      name: string,
      partitions: arrayOf({
        index: int32,
        offset: int64,
        leaderEpoch: since(6, int32, -1),
        metadata: nullableString,
      }),
    }),
  },
  {
    throttleTimeMs: since(3, int32, 0),
    topics: arrayOf({ name: string, partitions: arrayOf({ index: int32, errorCode: int16 }) }),
  },
)

type CommitResult = { name: string; partitions: { index: number; errorCode: number }[] }

/** What could not be written is not committed: Kafka's coordinator says that it is none then, and clients try again. */
function withoutSuccess({ name, partitions }: CommitResult): CommitResult {
  return {
    name,
    partitions: partitions.map(({ index, errorCode }) => ({
      index,
      errorCode: errorCode === errorCodes.NONE ? errorCodes.NOT_COORDINATOR : errorCode,
    })),
  }
}

/** `offset.metadata.max.bytes` of Kafka, which counts characters. */
const METADATA_LENGTH = 4096

function offsetCommitRoute({ coordinator, offsets, topics, disk }: Stores): Route {
  return route(offsetCommitApi, (request) => {
    const refusal = coordinator.checkCommit(request.groupId, request)
    const entries: OffsetEntry[] = []
    const results = request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ index, offset, leaderEpoch, metadata }) => {
        if (refusal !== errorCodes.NONE) return { index, errorCode: refusal }
        if (!topics.find(name)?.partitions[index])
          return { index, errorCode: errorCodes.UNKNOWN_TOPIC_OR_PARTITION }
        if ((metadata?.length ?? 0) > METADATA_LENGTH)
          return { index, errorCode: errorCodes.OFFSET_METADATA_TOO_LARGE }
        entries.push({ topic: name, partition: index, offset, leaderEpoch, metadata })
        return { index, errorCode: errorCodes.NONE }
      }),
    }))
    if (entries.length === 0) return { topics: results }
    return disk.attempt(
      () => {
        offsets.commit(request.groupId, entries)
        return { topics: results }
      },
      () => ({ topics: results.map(withoutSuccess) }),
    )
  })
}

const fetchedOffsets = arrayOf({
  name: string,
  partitions: arrayOf({
    index: int32,
    offset: int64,
    leaderEpoch: since(5, int32, -1),
    metadata: nullableString,
    errorCode: int16,
  }),
})

const topicPartitions = nullableArray(struct({ name: string, partitions: array(int32) }))

// OffsetFetch Request  => group_id [name [partition_indexes]]                      (to version 7)
//                         [group_id member_id member_epoch [name [partition_indexes]]]  (from version 8)
//                         require_stable
// OffsetFetch Response => throttle_time_ms [name [partition_index offset leader_epoch metadata error_code]]
//                         error_code                                              (to version 7)
//                         [group_id [name [partition_index …]] error_code]        (from version 8)
export const offsetFetchApi = defineApi(
  { key: 9, name: 'OffsetFetch', versions: [1, 9], flexibleFrom: 6 },
  {
    groupId: until(7, string, ''),
    topics: until(7, topicPartitions, []),
    groups: since(
      8,
      arrayOf({
        groupId: string,
        memberId: since(9, nullableString, null),
        memberEpoch: since(9, int32, -1),
        topics: topicPartitions,
      }),
      [],
    ),
    requireStable: since(7, boolean, false),
  },
  {
    throttleTimeMs: since(3, int32, 0),
    topics: until(7, fetchedOffsets, []),
    errorCode: between(2, 7, int16, 0),
    groups: since(8, arrayOf({ groupId: string, topics: fetchedOffsets, errorCode: int16 }), []),
  },
)

type WantedTopics = { name: string; partitions: number[] }[] | null

function offsetFetchRoute({ offsets }: Stores): Route {
  const fetchOne = (group: string, topic: string, index: number) => {
    const found = offsets.find(group, topic, index)
    return {
      index,
      offset: found?.offset ?? -1,
      leaderEpoch: found?.leaderEpoch ?? -1,
      metadata: found?.metadata ?? '',
      errorCode: errorCodes.NONE,
    }
  }
  const fetchTopics = (group: string, wanted: WantedTopics) =>
    (wanted ?? committedPartitions(offsets.of(group))).map(({ name, partitions }) => ({
      name,
      partitions: partitions.map((index) => fetchOne(group, name, index)),
    }))

  return route(offsetFetchApi, (request, { version }) =>
    version < 8
      ? { topics: fetchTopics(request.groupId, request.topics) }
      : {
          groups: request.groups.map(({ groupId, topics }) => ({
            groupId,
            topics: fetchTopics(groupId, topics),
            errorCode: errorCodes.NONE,
          })),
        },
  )
}

function committedPartitions(entries: readonly OffsetEntry[]): { name: string; partitions: number[] }[] {
  const byTopic = Map.groupBy(entries, ({ topic }) => topic)
  return [...byTopic].map(([name, found]) => ({ name, partitions: found.map(({ partition }) => partition) }))
}

// OffsetDelete Request  => group_id [name [partition_index]]
// OffsetDelete Response => error_code throttle_time_ms [name [partition_index error_code]]
export const offsetDeleteApi = defineApi(
  { key: 47, name: 'OffsetDelete', versions: [0, 0], flexibleFrom: Number.POSITIVE_INFINITY },
  {
    groupId: string,
    topics: arrayOf({ name: string, partitions: arrayOf({ index: int32 }) }),
  },
  {
    errorCode: int16,
    throttleTimeMs: optional(int32, 0),
    topics: arrayOf({ name: string, partitions: arrayOf({ index: int32, errorCode: int16 }) }),
  },
)

/** Deletes offsets of groups that have no members. */
function offsetDeleteRoute({ coordinator, offsets, disk }: Stores): Route {
  return route(offsetDeleteApi, ({ groupId, topics }) => {
    const group = coordinator.find(groupId)
    if (!group && offsets.of(groupId).length === 0)
      return { errorCode: errorCodes.GROUP_ID_NOT_FOUND, topics: [] }
    const errorCode =
      group && group.state !== 'Empty' ? errorCodes.GROUP_SUBSCRIBED_TO_TOPIC : errorCodes.NONE
    if (errorCode === errorCodes.NONE) {
      const gone = topics.flatMap(({ name, partitions }) =>
        partitions.map(({ index }) => ({ topic: name, partition: index })),
      )
      const stored = disk.attempt(
        () => {
          offsets.remove(groupId, gone)
          return errorCodes.NONE
        },
        () => errorCodes.NOT_COORDINATOR,
      )
      if (stored !== errorCodes.NONE) return { errorCode: stored, topics: [] }
    }
    return {
      errorCode: errorCodes.NONE,
      topics: topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ index }) => ({ index, errorCode })),
      })),
    }
  })
}
