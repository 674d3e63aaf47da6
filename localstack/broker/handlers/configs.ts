import { describeConfigsApi, incrementalAlterConfigsApi } from '../messages/configs.ts'
import type { TopicStore } from '../storage/topic-store.ts'
import type { RequestOf } from '../wire/api.ts'
import { errorCodes } from '../wire/error-codes.ts'
import { type Route, route } from './route.ts'

type Change = RequestOf<typeof incrementalAlterConfigsApi>['resources'][number]['configs'][number]

const TOPIC = 2
const BROKER = 4
const DYNAMIC_TOPIC_CONFIG = 1
const DEFAULT_CONFIG = 5
const SET = 0
const DELETE = 1

/** DescribeConfigs of topics; a broker's configs are answered as an empty list. */
export function describeConfigsRoute(topics: TopicStore): Route {
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
        configs: configs.map((config) => {
          const source = config.isDefault ? DEFAULT_CONFIG : DYNAMIC_TOPIC_CONFIG
          return { ...config, readOnly: false, source }
        }),
      }
    }),
  }))
}

/** IncrementalAlterConfigs of topics: set and delete. */
export function incrementalAlterConfigsRoute(topics: TopicStore): Route {
  return route(incrementalAlterConfigsApi, ({ resources, validateOnly }) => ({
    results: resources.map(({ type, name, configs }) => {
      const topic = type === TOPIC ? topics.find(name) : undefined
      if (!topic) return { ...failure(type), type, name }
      const errorMessage = configs.map((change) => problemWith(topics, change)).find(Boolean) ?? null
      if (errorMessage !== null) return { errorCode: errorCodes.INVALID_CONFIG, errorMessage, type, name }
      if (!validateOnly) topics.configure(topic, applied(topic.configs, configs))
      return { errorCode: errorCodes.NONE, errorMessage, type, name }
    }),
  }))
}

function failure(type: number): { errorCode: number; errorMessage: string | null } {
  return type === TOPIC
    ? { errorCode: errorCodes.UNKNOWN_TOPIC_OR_PARTITION, errorMessage: null }
    : { errorCode: errorCodes.INVALID_REQUEST, errorMessage: `resource type ${type} is not supported` }
}

function problemWith(topics: TopicStore, { name, operation, value }: Change): string | undefined {
  if (operation === DELETE) return undefined
  return operation === SET
    ? topics.configs.problemWith(name, value)
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
