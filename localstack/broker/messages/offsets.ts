import { defineApi } from '../wire/api.ts'
import { array, arrayOf, between, nullableArray, optional, since, struct, until } from '../wire/codec.ts'
import { boolean, int16, int32, int64, nullableString, string } from '../wire/primitives.ts'

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
