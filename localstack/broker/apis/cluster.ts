import type { Topic, TopicStore } from '../storage/topic-store.ts'
import {
  array,
  arrayOf,
  between,
  boolean,
  int8,
  int16,
  int32,
  NO_UUID,
  nullableArray,
  nullableString,
  optional,
  since,
  string,
  struct,
  uuid,
} from '../wire/codec.ts'
import { errorCodes } from '../wire/error-codes.ts'
import { defineApi, NO_OPERATIONS, type Route, route } from './api.ts'
import { topicNameProblem } from './topics.ts'

/** The one node of the cluster, as clients reach it. */
export type BrokerNode = { nodeId: number; host: string; port: number }

type Cluster = { node: BrokerNode; clusterId: string; topics: TopicStore; log(line: string): void }

/** Metadata, DescribeCluster and FindCoordinator. */
export function clusterRoutes(broker: Cluster): Route[] {
  const { node, clusterId } = broker
  return [metadataRoute(broker), describeClusterRoute(node, clusterId), findCoordinatorRoute(node)]
}

// Metadata Request  => [topic_id name] allow_auto_topic_creation include_cluster_authorized_operations
//                      include_topic_authorized_operations
// Metadata Response => throttle_time_ms [node_id host port rack] cluster_id controller_id
//                      [error_code name topic_id is_internal
//                        [error_code partition_index leader_id leader_epoch [replicas] [isr] [offline]]
//                        topic_authorized_operations] cluster_authorized_operations error_code
export const metadataApi = defineApi(
  { key: 3, name: 'Metadata', versions: [0, 13], flexibleFrom: 9 },
  {
    topics: nullableArray(struct({ topicId: since(10, uuid, NO_UUID), name: nullableString })),
    allowAutoTopicCreation: since(4, boolean, true),
    includeClusterOperations: between(8, 10, boolean, false),
    includeTopicOperations: since(8, boolean, false),
  },
  {
    throttleTimeMs: since(3, int32, 0),
    brokers: arrayOf({ nodeId: int32, host: string, port: int32, rack: since(1, nullableString, null) }),
    clusterId: since(2, nullableString, null),
    controllerId: since(1, int32, -1),
    topics: arrayOf({
      errorCode: int16,
      name: nullableString,
      topicId: since(10, uuid, NO_UUID),
      isInternal: since(1, boolean, false),
      partitions: arrayOf({
        errorCode: int16,
        index: int32,
        leaderId: int32,
        leaderEpoch: since(7, int32, 0),
        replicas: array(int32),
        inSyncReplicas: array(int32),
        offlineReplicas: since(5, array(int32), []),
      }),
      authorizedOperations: since(8, int32, NO_OPERATIONS),
    }),
    clusterOperations: between(8, 10, int32, NO_OPERATIONS),
    errorCode: since(13, int16, 0),
  },
)

/**
 * A topic that does not exist is not created, even if the request allows it: MSK's `auto.create.topics.enable` is false by
 * default, and a mistyped name must not look like a topic without records.
 * https://docs.aws.amazon.com/msk/latest/developerguide/msk-default-configuration.html
 */
function metadataRoute({ node, clusterId, topics, log }: Cluster): Route {
  const find = (name: string, expectsOne: boolean) => {
    const topic = topics.find(name)
    if (topic) return describeTopic(topic, node.nodeId)
    const isName = topicNameProblem(name) === null
    if (expectsOne)
      log(`a client asks for the topic ${JSON.stringify(name)}, which does not exist; create it first`)
    const errorCode = isName ? errorCodes.UNKNOWN_TOPIC_OR_PARTITION : errorCodes.INVALID_TOPIC_EXCEPTION
    return missingTopic(name, NO_UUID, errorCode)
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
            name === null ? findById(topicId) : find(name, request.allowAutoTopicCreation),
          ),
    }
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

// DescribeCluster Request  => include_cluster_authorized_operations endpoint_type
// DescribeCluster Response => throttle_time_ms error_code error_message endpoint_type cluster_id controller_id
//                             [broker_id host port rack] cluster_authorized_operations
export const describeClusterApi = defineApi(
  { key: 60, name: 'DescribeCluster', versions: [0, 1], flexibleFrom: 0 },
  { includeOperations: boolean, endpointType: since(1, int8, 1) },
  {
    throttleTimeMs: optional(int32, 0),
    errorCode: int16,
    errorMessage: optional(nullableString, null),
    endpointType: since(1, int8, 1),
    clusterId: string,
    controllerId: int32,
    brokers: arrayOf({ nodeId: int32, host: string, port: int32, rack: optional(nullableString, null) }),
    clusterOperations: optional(int32, NO_OPERATIONS),
  },
)

function describeClusterRoute(node: BrokerNode, clusterId: string): Route {
  return route(describeClusterApi, () => ({
    errorCode: errorCodes.NONE,
    clusterId,
    controllerId: node.nodeId,
    brokers: [node],
  }))
}

// FindCoordinator Request  => key key_type [coordinator_keys]
// FindCoordinator Response => throttle_time_ms error_code error_message node_id host port
//                             [key node_id host port error_code error_message]
export const findCoordinatorApi = defineApi(
  { key: 10, name: 'FindCoordinator', versions: [0, 4], flexibleFrom: 3 },
  { key: between(0, 3, string, ''), keyType: since(1, int8, 0), keys: since(4, array(string), []) },
  {
    throttleTimeMs: since(1, int32, 0),
    errorCode: between(0, 3, int16, 0),
    errorMessage: between(1, 3, nullableString, null),
    nodeId: between(0, 3, int32, -1),
    host: between(0, 3, string, ''),
    port: between(0, 3, int32, -1),
    coordinators: since(
      4,
      arrayOf({
        key: string,
        nodeId: int32,
        host: string,
        port: int32,
        errorCode: int16,
        errorMessage: nullableString,
      }),
      [],
    ),
  },
)

/** The key type of a transaction. */
const TRANSACTION = 1

/** Groups have this node as their coordinator, transactions none. */
function findCoordinatorRoute(node: BrokerNode): Route {
  return route(findCoordinatorApi, ({ key, keys, keyType }) => {
    const found =
      keyType < TRANSACTION
        ? { ...node, errorCode: errorCodes.NONE, errorMessage: null }
        : {
            nodeId: -1,
            host: '',
            port: -1,
            // The only code that no client retries.
            errorCode: errorCodes.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
            errorMessage:
              'transactions are not supported: this development broker coordinates consumer groups only',
          }
    return { key, ...found, coordinators: keys.map((each) => ({ key: each, ...found })) }
  })
}
