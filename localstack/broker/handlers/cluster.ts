import { apiVersionsApi, describeClusterApi, findCoordinatorApi, metadataApi } from '../messages/cluster.ts'
import type { Topic, TopicStore } from '../storage/topic-store.ts'
import { errorCodes } from '../wire/error-codes.ts'
import { NO_UUID } from '../wire/primitives.ts'
import { type Route, route } from './route.ts'
import { isValidTopicName } from './topics.ts'

/** The one node of the cluster, as clients reach it. */
export type BrokerNode = { nodeId: number; host: string; port: number }

const PRODUCE_KEY = 0
const TRANSACTION = 1

/** ApiVersions, for the given routes and itself. */
export function apiVersionsRoute(routes: readonly Route[]): Route {
  const apis = [...routes, apiVersionsApi].map(({ key, versions: [min, max] }) => ({
    key,
    // librdkafka takes a broker that does not list Produce v0 for one without compression (KAFKA-18659).
    min: key === PRODUCE_KEY ? 0 : min,
    max,
  }))
  return route(apiVersionsApi, () => ({ errorCode: errorCodes.NONE, apis }))
}

/** Metadata; creates missing topics when the request allows it. */
export function metadataRoute(options: {
  node: BrokerNode
  clusterId: string
  topics: TopicStore
  defaultPartitions: number
}): Route {
  const { node, clusterId, topics } = options
  const findOrCreate = (name: string, mayCreate: boolean) => {
    const topic = topics.find(name)
    if (topic) return describeTopic(topic, node.nodeId)
    if (!isValidTopicName(name)) return missingTopic(name, NO_UUID, errorCodes.INVALID_TOPIC_EXCEPTION)
    if (!mayCreate) return missingTopic(name, NO_UUID, errorCodes.UNKNOWN_TOPIC_OR_PARTITION)
    return describeTopic(topics.create(name, options.defaultPartitions, {}), node.nodeId)
  }
  const findById = (id: string) => {
    const topic = topics.findById(id)
    return topic ? describeTopic(topic, node.nodeId) : missingTopic(null, id, errorCodes.UNKNOWN_TOPIC_ID)
  }

  return route(metadataApi, (request, { version }) => {
    const wantsAll = request.topics === null || (version === 0 && request.topics.length === 0)
    return {
      brokers: [node],
      clusterId,
      controllerId: node.nodeId,
      topics: wantsAll
        ? topics.list().map((topic) => describeTopic(topic, node.nodeId))
        : (request.topics ?? []).map(({ name, topicId }) =>
            name === null ? findById(topicId) : findOrCreate(name, request.allowAutoTopicCreation),
          ),
    }
  })
}

export function describeClusterRoute(node: BrokerNode, clusterId: string): Route {
  return route(describeClusterApi, () => ({
    errorCode: errorCodes.NONE,
    clusterId,
    controllerId: node.nodeId,
    brokers: [node],
  }))
}

/** FindCoordinator: this node, for groups; there is none for transactions. */
export function findCoordinatorRoute(node: BrokerNode): Route {
  return route(findCoordinatorApi, ({ key, keys, keyType }) => {
    const found =
      keyType < TRANSACTION
        ? { ...node, errorCode: errorCodes.NONE, errorMessage: null }
        : {
            nodeId: -1,
            host: '',
            port: -1,
            // The one code that every client takes for final; others are retried until a timeout.
            errorCode: errorCodes.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
            errorMessage:
              'transactions are not supported: this development broker coordinates consumer groups only',
          }
    return { key, ...found, coordinators: keys.map((each) => ({ key: each, ...found })) }
  })
}

function describeTopic(topic: Topic, nodeId: number) {
  return {
    errorCode: errorCodes.NONE,
    name: topic.name,
    topicId: topic.id,
    partitions: topic.partitions.map((_, index) => ({
      errorCode: errorCodes.NONE,
      index,
      leaderId: nodeId,
      replicas: [nodeId],
      inSyncReplicas: [nodeId],
    })),
  }
}

function missingTopic(name: string | null, topicId: string, errorCode: number) {
  return { errorCode, name, topicId, partitions: [] }
}
