import { defineApi } from '../wire/api.ts'
import { array, arrayOf, between, nullableArray, optional, since, struct } from '../wire/codec.ts'
import { boolean, int8, int16, int32, NO_UUID, nullableString, string, uuid } from '../wire/primitives.ts'

/** "Not asked for": what brokers answer in place of a bit set of authorized operations. */
const NO_OPERATIONS = -2_147_483_648

// ApiVersions Request  => client_software_name client_software_version
// ApiVersions Response => error_code [api_key min_version max_version] throttle_time_ms
export const apiVersionsApi = defineApi(
  { key: 18, name: 'ApiVersions', versions: [0, 4], flexibleFrom: 3 },
  { softwareName: since(3, string, ''), softwareVersion: since(3, string, '') },
  {
    errorCode: int16,
    apis: arrayOf({ key: int16, min: int16, max: int16 }),
    throttleTimeMs: since(1, int32, 0),
  },
)

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
