import type { Coordinator } from './groups/coordinator.ts'
import {
  apiVersionsRoute,
  type BrokerNode,
  describeClusterRoute,
  findCoordinatorRoute,
  metadataRoute,
} from './handlers/cluster.ts'
import { describeConfigsRoute, incrementalAlterConfigsRoute } from './handlers/configs.ts'
import { fetchRoute } from './handlers/fetch.ts'
import { groupRoutes } from './handlers/groups.ts'
import { deleteRecordsRoute, listOffsetsRoute } from './handlers/list-offsets.ts'
import { membershipRoutes } from './handlers/membership.ts'
import { offsetCommitRoute, offsetDeleteRoute, offsetFetchRoute } from './handlers/offsets.ts'
import { initProducerIdRoute, produceRoute } from './handlers/produce.ts'
import type { Route } from './handlers/route.ts'
import { createPartitionsRoute, createTopicsRoute, deleteTopicsRoute } from './handlers/topics.ts'
import type { OffsetStore } from './storage/offset-store.ts'
import type { TopicStore } from './storage/topic-store.ts'

/** Every API that the broker speaks, bound to its stores. */
export function createRoutes(broker: {
  node: BrokerNode
  clusterId: string
  topics: TopicStore
  offsets: OffsetStore
  coordinator: Coordinator
  nextProducerId: () => number
  defaultPartitions: number
  log(line: string): void
}): Route[] {
  const { node, clusterId, topics, offsets, coordinator, defaultPartitions } = broker
  const routes = [
    produceRoute(broker),
    fetchRoute(topics),
    listOffsetsRoute(topics),
    metadataRoute(broker),
    offsetCommitRoute(broker),
    offsetFetchRoute(broker),
    findCoordinatorRoute(node),
    ...membershipRoutes(coordinator),
    ...groupRoutes(coordinator, offsets),
    createTopicsRoute(topics, defaultPartitions),
    deleteTopicsRoute(topics, offsets),
    deleteRecordsRoute(topics),
    initProducerIdRoute(broker.nextProducerId),
    describeConfigsRoute(topics),
    createPartitionsRoute(topics),
    incrementalAlterConfigsRoute(topics),
    offsetDeleteRoute(broker),
    describeClusterRoute(node, clusterId),
  ]
  return [...routes, apiVersionsRoute(routes)]
}
