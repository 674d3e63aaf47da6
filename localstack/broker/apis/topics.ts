import type { WriteWatch } from '../../trouble/watch-writes.ts'
import type { OffsetStore } from '../storage/offset-store.ts'
import type { Topic, TopicStore } from '../storage/topic-store.ts'
import {
  array,
  arrayOf,
  boolean,
  int8,
  int16,
  int32,
  NO_UUID,
  nullableString,
  optional,
  since,
  string,
  until,
  uuid,
} from '../wire/codec.ts'
import { errorCodes } from '../wire/error-codes.ts'
import { defineApi, type RequestOf, type Route, route } from './api.ts'

/** CreateTopics, DeleteTopics and CreatePartitions. */
export function topicRoutes(broker: {
  topics: TopicStore
  offsets: OffsetStore
  disk: WriteWatch
  defaultPartitions: number
}): Route[] {
  return [createTopicsRoute(broker), deleteTopicsRoute(broker), createPartitionsRoute(broker)]
}

/** What a change that could not be written returns. */
const notStored = (errorMessage: string) => ({ errorCode: errorCodes.KAFKA_STORAGE_ERROR, errorMessage })

/** Why this is no name of a topic, by Kafka's rule and in its words; null if it is one. */
export function topicNameProblem(name: string): string | null {
  const invalid = (reason: string) => `Topic name is invalid: ${reason}`
  if (name === '') return invalid('the empty string is not allowed')
  if (name === '.' || name === '..') return invalid("'.' or '..' is not allowed")
  if (name.length > 249) return invalid(`the length of '${name}' is longer than the max allowed length 249`)
  return /^[a-zA-Z0-9._-]+$/.test(name)
    ? null
    : invalid(`'${name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'`)
}

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

type NewTopic = RequestOf<typeof createTopicsApi>['topics'][number]

const MAX_PARTITIONS = 10_000

function createTopicsRoute({
  topics,
  disk,
  defaultPartitions,
}: {
  topics: TopicStore
  disk: WriteWatch
  defaultPartitions: number
}): Route {
  return route(createTopicsApi, (request) => ({
    topics: request.topics.map((wanted) => {
      const problem = refusalOf(topics, wanted)
      if (problem) return { name: wanted.name, ...problem }
      const partitions =
        wanted.assignments.length || (wanted.partitions < 0 ? defaultPartitions : wanted.partitions)
      const configs = Object.fromEntries(wanted.configs.map(({ name, value }) => [name, value ?? '']))
      const create = () => ({ topic: topics.create(wanted.name, partitions, configs) })
      const created = request.validateOnly ? { topic: undefined } : disk.attempt(create, notStored)
      if ('errorCode' in created) return { name: wanted.name, ...created }
      const { topic } = created
      return {
        name: wanted.name,
        topicId: topic?.id ?? NO_UUID,
        errorCode: errorCodes.NONE,
        errorMessage: null,
        partitions,
        replicationFactor: 1,
        configs: topics.configs.describe(configs).map(({ name, value, source }) => ({
          name,
          value,
          readOnly: false,
          source,
          isSensitive: false,
        })),
      }
    }),
  }))
}

function refusalOf(
  topics: TopicStore,
  wanted: NewTopic,
): { errorCode: number; errorMessage: string } | undefined {
  const { name, partitions, replicationFactor, assignments, configs } = wanted
  const refusal = (errorCode: number, errorMessage: string) => ({ errorCode, errorMessage })
  const problem = topicNameProblem(name)
  if (problem !== null) return refusal(errorCodes.INVALID_TOPIC_EXCEPTION, problem)
  if (topics.find(name)) return refusal(errorCodes.TOPIC_ALREADY_EXISTS, `Topic '${name}' already exists.`)
  if (
    partitions === 0 ||
    partitions < -1 ||
    partitions > MAX_PARTITIONS ||
    assignments.length > MAX_PARTITIONS
  ) {
    return refusal(errorCodes.INVALID_PARTITIONS, `Number of partitions must be 1 to ${MAX_PARTITIONS}.`)
  }
  if (assignments.length === 0 && replicationFactor !== -1 && replicationFactor !== 1) {
    const errorMessage = `Unable to replicate the partition ${replicationFactor} time(s): there is one broker.`
    return refusal(errorCodes.INVALID_REPLICATION_FACTOR, errorMessage)
  }
  const wrong = configs.map((config) => topics.configs.configProblem(config.name, config.value)).find(Boolean)
  return wrong ? refusal(errorCodes.INVALID_CONFIG, wrong) : undefined
}

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

/** Also deletes the offsets that groups committed for the topics. */
function deleteTopicsRoute({
  topics,
  offsets,
  disk,
}: {
  topics: TopicStore
  offsets: OffsetStore
  disk: WriteWatch
}): Route {
  const remove = (topic: Topic) => {
    topics.remove(topic)
    offsets.removeTopic(topic.name)
    return { errorCode: errorCodes.NONE }
  }
  return route(deleteTopicsApi, (request) => {
    const wanted = [...request.topics, ...request.names.map((name) => ({ name, topicId: NO_UUID }))]
    return {
      topics: wanted.map(({ name, topicId }) => {
        const topic = name === null ? topics.findById(topicId) : topics.find(name)
        const removed = topic && disk.attempt(() => remove(topic), notStored)
        const missing = name === null ? errorCodes.UNKNOWN_TOPIC_ID : errorCodes.UNKNOWN_TOPIC_OR_PARTITION
        return {
          name: topic?.name ?? name,
          topicId: topic?.id ?? topicId,
          ...(removed ?? { errorCode: missing }),
        }
      }),
    }
  })
}

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

function createPartitionsRoute({ topics, disk }: { topics: TopicStore; disk: WriteWatch }): Route {
  return route(createPartitionsApi, (request) => ({
    topics: request.topics.map(({ name, count }) => {
      const topic = topics.find(name)
      if (!topic) return { name, errorCode: errorCodes.UNKNOWN_TOPIC_OR_PARTITION, errorMessage: null }
      if (count <= topic.partitions.length || count > MAX_PARTITIONS) {
        const errorMessage = `Topic currently has ${topic.partitions.length} partitions, ${count} would not be an increase`
        return { name, errorCode: errorCodes.INVALID_PARTITIONS, errorMessage }
      }
      const done = { errorCode: errorCodes.NONE, errorMessage: null }
      const grow = () => {
        topics.grow(topic, count)
        return done
      }
      return { name, ...(request.validateOnly ? done : disk.attempt(grow, notStored)) }
    }),
  }))
}
