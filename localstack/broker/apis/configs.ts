import type { WriteWatch } from '../../trouble/watch-writes.ts'
import { itemsOf } from '../storage/topic-configs.ts'
import type { Topic, TopicStore } from '../storage/topic-store.ts'
import {
  arrayOf,
  boolean,
  int8,
  int16,
  int32,
  nullableArray,
  nullableString,
  optional,
  since,
  string,
} from '../wire/codec.ts'
import { type ErrorCode, errorCodes } from '../wire/error-codes.ts'
import { defineApi, type RequestOf, type Route, route } from './api.ts'
import type { BrokerConfig } from './broker-configs.ts'
import { topicNameProblem } from './topics.ts'

/** What of the broker the routes use. */
type Broker = {
  readonly nodeId: number
  readonly configs: readonly BrokerConfig[]
  readonly disk: WriteWatch
}

/** DescribeConfigs, AlterConfigs and IncrementalAlterConfigs: of topics, and to look at of the broker. */
export function configRoutes(topics: TopicStore, broker: Broker): Route[] {
  return [
    describeConfigsRoute(topics, broker),
    alterConfigsRoute(topics, broker),
    incrementalAlterConfigsRoute(topics, broker),
  ]
}

// Resource types.
const TOPIC = 2
const BROKER = 4

const UNKNOWN = errorCodes.UNKNOWN_TOPIC_OR_PARTITION

type Failure = { errorCode: ErrorCode; errorMessage: string | null }

// DescribeConfigs Request  => [resource_type resource_name [configuration_keys]] include_synonyms
//                             include_documentation
// DescribeConfigs Response => throttle_time_ms [error_code error_message resource_type resource_name
//                             [name value read_only config_source is_sensitive [synonym name value source]
//                              config_type documentation]]
export const describeConfigsApi = defineApi(
  { key: 32, name: 'DescribeConfigs', versions: [1, 4], flexibleFrom: 4 },
  {
    resources: arrayOf({ type: int8, name: string, keys: nullableArray(string) }),
    includeSynonyms: boolean,
    includeDocumentation: since(3, boolean, false),
  },
  {
    throttleTimeMs: optional(int32, 0),
    results: arrayOf({
      errorCode: int16,
      errorMessage: nullableString,
      type: int8,
      name: string,
      configs: arrayOf({
        name: string,
        value: nullableString,
        readOnly: boolean,
        source: int8,
        isSensitive: optional(boolean, false),
        synonyms: optional(arrayOf({ name: string, value: nullableString, source: int8 }), []),
        type: since(3, int8, 0),
        documentation: since(3, nullableString, null),
      }),
    }),
  },
)

function describeConfigsRoute(topics: TopicStore, broker: Broker): Route {
  const describe = (type: number, name: string) => {
    if (type === BROKER)
      return brokerProblem(broker, name, ' or empty string') ?? (name === '' ? [] : [...broker.configs])
    const topic = findTopic(topics, type, name)
    // Kafka says no more about it here than the code does.
    if ('errorCode' in topic)
      return { ...topic, errorMessage: topic.errorCode === UNKNOWN ? '' : topic.errorMessage }
    return topics.configs.describe(topic.configs).map((config) => ({ ...config, readOnly: false }))
  }
  return route(describeConfigsApi, ({ resources, includeSynonyms }) => ({
    results: resources.map(({ type, name, keys }) => {
      const described = describe(type, name)
      if (!Array.isArray(described)) return { ...described, type, name, configs: [] }
      const wanted = described.filter((config) => keys === null || keys.includes(config.name))
      const configs = wanted.map((config) => (includeSynonyms ? config : { ...config, synonyms: [] }))
      return { errorCode: errorCodes.NONE, errorMessage: null, type, name, configs }
    }),
  }))
}

const alterResults = {
  throttleTimeMs: optional(int32, 0),
  results: arrayOf({ errorCode: int16, errorMessage: nullableString, type: int8, name: string }),
}

// AlterConfigs Request  => [resource_type resource_name [name value]] validate_only
// AlterConfigs Response => throttle_time_ms [error_code error_message resource_type resource_name]
export const alterConfigsApi = defineApi(
  { key: 33, name: 'AlterConfigs', versions: [0, 2], flexibleFrom: 2 },
  {
    resources: arrayOf({
      type: int8,
      name: string,
      configs: arrayOf({ name: string, value: nullableString }),
    }),
    validateOnly: boolean,
  },
  alterResults,
)

/** Sets exactly these configs: others of a topic are at their defaults afterwards. */
function alterConfigsRoute(topics: TopicStore, broker: Broker): Route {
  return route(alterConfigsApi, ({ resources, validateOnly }) => {
    const alter = createAlter({ topics, broker, resources, validateOnly })
    return {
      results: resources.map(({ type, name, configs }) => {
        const changes = configs.map((config) => ({ ...config, operation: SET }))
        return { ...alter({ type, name, changes }, {}), type, name }
      }),
    }
  })
}

// IncrementalAlterConfigs Request  => [resource_type resource_name [name config_operation value]] validate_only
// IncrementalAlterConfigs Response => throttle_time_ms [error_code error_message resource_type resource_name]
export const incrementalAlterConfigsApi = defineApi(
  { key: 44, name: 'IncrementalAlterConfigs', versions: [0, 1], flexibleFrom: 1 },
  {
    resources: arrayOf({
      type: int8,
      name: string,
      configs: arrayOf({ name: string, operation: int8, value: nullableString }),
    }),
    validateOnly: boolean,
  },
  alterResults,
)

type Change = RequestOf<typeof incrementalAlterConfigsApi>['resources'][number]['configs'][number]

// Operations. The last two are of lists.
const SET = 0
const DELETE = 1
const APPEND = 2
const SUBTRACT = 3

function incrementalAlterConfigsRoute(topics: TopicStore, broker: Broker): Route {
  return route(incrementalAlterConfigsApi, ({ resources, validateOnly }) => {
    const alter = createAlter({ topics, broker, resources, validateOnly })
    return {
      results: resources.map(({ type, name, configs }) => ({
        ...alter({ type, name, changes: configs }),
        type,
        name,
      })),
    }
  })
}

/** Returns what changes one of the resources of a request: all of its changes, or none and the reason. */
function createAlter({
  topics,
  broker,
  resources,
  validateOnly,
}: {
  topics: TopicStore
  broker: Broker
  resources: readonly { type: number; name: string }[]
  validateOnly: boolean
}) {
  type Resource = { type: number; name: string; changes: readonly Change[] }
  /** `before` is what is changed: by default what the topic has. */
  return ({ type, name, changes }: Resource, before?: Readonly<Record<string, string>>): Failure => {
    if (resources.filter((other) => other.type === type && other.name === name).length > 1)
      return invalidRequest('Each resource must appear at most once.')
    if (type === BROKER) {
      const names = changes.map((change) => change.name).join(', ')
      return (
        brokerProblem(broker, name) ?? invalidRequest(`Cannot update these configs dynamically: [${names}]`)
      )
    }
    const topic = findTopic(topics, type, name)
    if ('errorCode' in topic) return topic
    const changed = applyAll(topics, before ?? topic.configs, changes)
    if ('errorCode' in changed) return changed
    const done: Failure = { errorCode: errorCodes.NONE, errorMessage: null }
    if (validateOnly) return done
    return broker.disk.attempt(
      () => {
        topics.configure(topic, changed.configs)
        return done
      },
      (errorMessage) => ({ errorCode: errorCodes.KAFKA_STORAGE_ERROR, errorMessage }),
    )
  }
}

function applyAll(
  topics: TopicStore,
  before: Readonly<Record<string, string>>,
  changes: readonly Change[],
): Failure | { configs: Record<string, string> } {
  if (new Set(changes.map(({ name }) => name)).size < changes.length)
    return invalidRequest('Error due to duplicate config keys')
  const configs = { ...before }
  for (const { name, operation, value } of changes) {
    if (operation === DELETE) {
      delete configs[name]
      continue
    }
    if (value === null) return invalidRequest(`Null value not supported for : ${name}`)
    const now = topics.configs.valueOf(configs, name)
    const wanted = operation === SET ? value : joined({ operation, name, now, value }, topics)
    if (typeof wanted !== 'string') return wanted
    const problem = topics.configs.configProblem(name, wanted)
    if (problem !== null) return { errorCode: errorCodes.INVALID_CONFIG, errorMessage: problem }
    configs[name] = wanted
  }
  return { configs }
}

/** A list with items appended or taken away. */
function joined(
  { operation, name, now, value }: { operation: number; name: string; now: string; value: string },
  topics: TopicStore,
): string | Failure {
  const verb = operation === APPEND ? 'APPEND' : operation === SUBTRACT ? 'SUBTRACT' : undefined
  if (verb === undefined) return invalidRequest(`Unknown config operation ${operation}`)
  if (!topics.configs.isList(name)) {
    const errorMessage = `Can't ${verb} to key ${name} because its type is not LIST.`
    return { errorCode: errorCodes.INVALID_CONFIG, errorMessage }
  }
  const named = itemsOf(value)
  const items = itemsOf(now)
  const result =
    operation === APPEND ? [...new Set([...items, ...named])] : items.filter((item) => !named.includes(item))
  return result.join(',')
}

function findTopic(topics: TopicStore, type: number, name: string): Topic | Failure {
  if (type !== TOPIC) return invalidRequest(`Resources of type ${type} are not supported.`)
  const topic = topics.find(name)
  if (topic) return topic
  const problem = topicNameProblem(name)
  return problem === null
    ? {
        errorCode: UNKNOWN,
        errorMessage: `The topic '${name}' does not exist.`,
      }
    : { errorCode: errorCodes.INVALID_TOPIC_EXCEPTION, errorMessage: problem }
}

/** The empty name is that of all brokers. */
function brokerProblem({ nodeId }: Broker, name: string, or = ''): Failure | undefined {
  if (name === '' || name === String(nodeId)) return undefined
  return /^-?\d+$/.test(name)
    ? invalidRequest(`Unexpected broker id, expected ${nodeId}${or}, but received ${name}`)
    : invalidRequest(`Broker id must be an integer, but it is: ${name}`)
}

function invalidRequest(errorMessage: string): Failure {
  return { errorCode: errorCodes.INVALID_REQUEST, errorMessage }
}
