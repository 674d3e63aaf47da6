import { createPartitionsApi, createTopicsApi, deleteTopicsApi } from '../messages/topics.ts'
import type { OffsetStore } from '../storage/offset-store.ts'
import type { Topic, TopicStore } from '../storage/topic-store.ts'
import type { RequestOf } from '../wire/api.ts'
import { errorCodes } from '../wire/error-codes.ts'
import { NO_UUID } from '../wire/primitives.ts'
import { type Route, route } from './route.ts'

type NewTopic = RequestOf<typeof createTopicsApi>['topics'][number]

const DYNAMIC_TOPIC_CONFIG = 1
const DEFAULT_CONFIG = 5
const MAX_PARTITIONS = 10_000

export function createTopicsRoute(topics: TopicStore, defaultPartitions: number): Route {
  return route(createTopicsApi, (request) => ({
    topics: request.topics.map((wanted) => {
      const problem = problemWith(topics, wanted)
      if (problem) return { name: wanted.name, ...problem }
      const partitions =
        wanted.assignments.length || (wanted.partitions < 0 ? defaultPartitions : wanted.partitions)
      const configs = Object.fromEntries(wanted.configs.map(({ name, value }) => [name, value ?? '']))
      const topic = request.validateOnly ? undefined : topics.create(wanted.name, partitions, configs)
      return {
        name: wanted.name,
        topicId: topic?.id ?? NO_UUID,
        errorCode: errorCodes.NONE,
        errorMessage: null,
        partitions,
        replicationFactor: 1,
        configs: topics.configs.describe(configs).map(({ name, value, isDefault }) => ({
          name,
          value,
          readOnly: false,
          source: isDefault ? DEFAULT_CONFIG : DYNAMIC_TOPIC_CONFIG,
          isSensitive: false,
        })),
      }
    }),
  }))
}

/** DeleteTopics; the offsets that groups committed for a topic go with it. */
export function deleteTopicsRoute(topics: TopicStore, offsets: OffsetStore): Route {
  const remove = (topic: Topic): void => {
    topics.remove(topic)
    offsets.removeTopic(topic.name)
  }
  return route(deleteTopicsApi, (request) => {
    const wanted = [...request.topics, ...request.names.map((name) => ({ name, topicId: NO_UUID }))]
    return {
      topics: wanted.map(({ name, topicId }) => {
        const topic = name === null ? topics.findById(topicId) : topics.find(name)
        if (topic) remove(topic)
        const missing = name === null ? errorCodes.UNKNOWN_TOPIC_ID : errorCodes.UNKNOWN_TOPIC_OR_PARTITION
        return {
          name: topic?.name ?? name,
          topicId: topic?.id ?? topicId,
          errorCode: topic ? errorCodes.NONE : missing,
        }
      }),
    }
  })
}

export function createPartitionsRoute(topics: TopicStore): Route {
  return route(createPartitionsApi, (request) => ({
    topics: request.topics.map(({ name, count }) => {
      const topic = topics.find(name)
      if (!topic) return { name, errorCode: errorCodes.UNKNOWN_TOPIC_OR_PARTITION, errorMessage: null }
      if (count <= topic.partitions.length || count > MAX_PARTITIONS) {
        const errorMessage = `Topic currently has ${topic.partitions.length} partitions, ${count} would not be an increase`
        return { name, errorCode: errorCodes.INVALID_PARTITIONS, errorMessage }
      }
      if (!request.validateOnly) topics.grow(topic, count)
      return { name, errorCode: errorCodes.NONE, errorMessage: null }
    }),
  }))
}

/** Kafka's rule: letters, digits, dot, underscore and hyphen, at most 249, not "." or "..". */
export function isValidTopicName(name: string): boolean {
  return /^[a-zA-Z0-9._-]{1,249}$/.test(name) && name !== '.' && name !== '..'
}

function problemWith(
  topics: TopicStore,
  wanted: NewTopic,
): { errorCode: number; errorMessage: string } | undefined {
  const { name, partitions, replicationFactor, assignments, configs } = wanted
  const problem = (errorCode: number, errorMessage: string) => ({ errorCode, errorMessage })
  if (!isValidTopicName(name))
    return problem(errorCodes.INVALID_TOPIC_EXCEPTION, `Topic name is invalid: '${name}'`)
  if (topics.find(name)) return problem(errorCodes.TOPIC_ALREADY_EXISTS, `Topic '${name}' already exists.`)
  if (
    partitions === 0 ||
    partitions < -1 ||
    partitions > MAX_PARTITIONS ||
    assignments.length > MAX_PARTITIONS
  ) {
    return problem(errorCodes.INVALID_PARTITIONS, `Number of partitions must be 1 to ${MAX_PARTITIONS}.`)
  }
  if (assignments.length === 0 && replicationFactor !== -1 && replicationFactor !== 1) {
    const errorMessage = `Unable to replicate the partition ${replicationFactor} time(s): there is one broker.`
    return problem(errorCodes.INVALID_REPLICATION_FACTOR, errorMessage)
  }
  const wrong = configs.map((config) => topics.configs.problemWith(config.name, config.value)).find(Boolean)
  return wrong === undefined ? undefined : problem(errorCodes.INVALID_CONFIG, wrong)
}
