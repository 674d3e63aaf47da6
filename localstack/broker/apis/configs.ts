import type { TopicStore } from '../storage/topic-store.ts'
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
import { errorCodes } from '../wire/error-codes.ts'
import { defineApi, type RequestOf, type Route, route } from './api.ts'

/** DescribeConfigs and IncrementalAlterConfigs, of topics. */
export function configRoutes(topics: TopicStore): Route[] {
  return [describeConfigsRoute(topics), incrementalAlterConfigsRoute(topics)]
}

// Resource types.
const TOPIC = 2
const BROKER = 4

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

/** A broker has no configs. */
function describeConfigsRoute(topics: TopicStore): Route {
  return route(describeConfigsApi, ({ resources }) => ({
    results: resources.map(({ type, name, keys }) => {
      const topic = type === TOPIC ? topics.find(name) : undefined
      if (type === BROKER) return { errorCode: errorCodes.NONE, errorMessage: null, type, name, configs: [] }
      if (!topic) return { ...failure(type), type, name, configs: [] }
      const described = topics.configs.describe(topic.configs)
      const configs = described.filter((config) => keys === null || keys.includes(config.name))
      return {
        errorCode: errorCodes.NONE,
        errorMessage: null,
        type,
        name,
        configs: configs.map((config) => ({ ...config, readOnly: false })),
      }
    }),
  }))
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
  {
    throttleTimeMs: optional(int32, 0),
    results: arrayOf({ errorCode: int16, errorMessage: nullableString, type: int8, name: string }),
  },
)

type Change = RequestOf<typeof incrementalAlterConfigsApi>['resources'][number]['configs'][number]

// Operations.
const SET = 0
const DELETE = 1

function incrementalAlterConfigsRoute(topics: TopicStore): Route {
  return route(incrementalAlterConfigsApi, ({ resources, validateOnly }) => ({
    results: resources.map(({ type, name, configs }) => {
      const topic = type === TOPIC ? topics.find(name) : undefined
      if (!topic) return { ...failure(type), type, name }
      const errorMessage = configs.map((change) => changeProblem(topics, change)).find(Boolean) ?? null
      if (errorMessage !== null) return { errorCode: errorCodes.INVALID_CONFIG, errorMessage, type, name }
      if (!validateOnly) topics.configure(topic, applied(topic.configs, configs))
      return { errorCode: errorCodes.NONE, errorMessage, type, name }
    }),
  }))
}

function changeProblem(topics: TopicStore, { name, operation, value }: Change): string | null {
  if (operation === DELETE) return null
  return operation === SET
    ? topics.configs.configProblem(name, value)
    : `operation ${operation} is not supported`
}

function applied(own: Readonly<Record<string, string>>, changes: readonly Change[]): Record<string, string> {
  const result = { ...own }
  for (const { name, operation, value } of changes) {
    if (operation === DELETE) delete result[name]
    else result[name] = value ?? ''
  }
  return result
}

function failure(type: number): { errorCode: number; errorMessage: string | null } {
  return type === TOPIC
    ? { errorCode: errorCodes.UNKNOWN_TOPIC_OR_PARTITION, errorMessage: null }
    : { errorCode: errorCodes.INVALID_REQUEST, errorMessage: `resource type ${type} is not supported` }
}
