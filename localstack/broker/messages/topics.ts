import { defineApi } from '../wire/api.ts'
import { array, arrayOf, optional, since, until } from '../wire/codec.ts'
import { boolean, int8, int16, int32, NO_UUID, nullableString, string, uuid } from '../wire/primitives.ts'

// CreateTopics Request  => [name num_partitions replication_factor [partition_index [broker_ids]]
//                           [config name value]] timeout_ms validate_only
// CreateTopics Response => throttle_time_ms [name topic_id error_code error_message num_partitions
//                           replication_factor [name value read_only config_source is_sensitive]]
export const createTopicsApi = defineApi(
  { key: 19, name: 'CreateTopics', versions: [2, 7], flexibleFrom: 5 },
  {
    topics: arrayOf({
      name: string,
      partitions: int32,
      replicationFactor: int16,
      assignments: arrayOf({ index: int32, brokerIds: array(int32) }),
      configs: arrayOf({ name: string, value: nullableString }),
    }),
    timeoutMs: int32,
    validateOnly: boolean,
  },
  {
    throttleTimeMs: optional(int32, 0),
    topics: arrayOf({
      name: string,
      topicId: since(7, uuid, NO_UUID),
      errorCode: int16,
      errorMessage: nullableString,
      partitions: since(5, int32, -1),
      replicationFactor: since(5, int16, -1),
      configs: since(
        5,
        arrayOf({
          name: string,
          value: nullableString,
          readOnly: boolean,
          source: int8,
          isSensitive: boolean,
        }),
        [],
      ),
    }),
  },
)

// DeleteTopics Request  => [name topic_id] [topic_names] timeout_ms
// DeleteTopics Response => throttle_time_ms [name topic_id error_code error_message]
export const deleteTopicsApi = defineApi(
  { key: 20, name: 'DeleteTopics', versions: [1, 6], flexibleFrom: 4 },
  {
    topics: since(6, arrayOf({ name: nullableString, topicId: uuid }), []),
    names: until(5, array(string), []),
    timeoutMs: int32,
  },
  {
    throttleTimeMs: optional(int32, 0),
    topics: arrayOf({
      name: nullableString,
      topicId: since(6, uuid, NO_UUID),
      errorCode: int16,
      errorMessage: since(5, nullableString, null),
    }),
  },
)

// CreatePartitions Request  => [name count [assignments [broker_ids]]] timeout_ms validate_only
// CreatePartitions Response => throttle_time_ms [name error_code error_message]
export const createPartitionsApi = defineApi(
  { key: 37, name: 'CreatePartitions', versions: [0, 3], flexibleFrom: 2 },
  {
    topics: arrayOf({
      name: string,
      count: int32,
      assignments: arrayOf({ brokerIds: array(int32) }),
    }),
    timeoutMs: int32,
    validateOnly: boolean,
  },
  {
    throttleTimeMs: optional(int32, 0),
    topics: arrayOf({ name: string, errorCode: int16, errorMessage: nullableString }),
  },
)
