import {
  arrayOf,
  type Codec,
  int16,
  int32,
  int64,
  NO_UUID,
  nullableString,
  optional,
  since,
  string,
  uuid,
} from '../wire/codec.ts'
import { errorCodes } from '../wire/error-codes.ts'
import { defineApi, type Route, route } from './api.ts'
import type { BrokerNode } from './cluster.ts'

const uint16: Codec<number> = {
  read: (reader) => reader.int16() & 0xffff,
  write: (writer, value) => writer.int16((value << 16) >> 16),
}

const replicas = () =>
  arrayOf({
    replicaId: int32,
    directoryId: since(2, uuid, NO_UUID),
    logEndOffset: int64,
    lastFetchTimestamp: since(1, int64, -1),
    lastCaughtUpTimestamp: since(1, int64, -1),
  })

// DescribeQuorum Request  => [topic_name [partition_index]]
// DescribeQuorum Response => error_code error_message [topic_name [partition_index error_code error_message leader_id
//                            leader_epoch high_watermark [voters] [observers]]] [node_id [name host port]]
// voters, observers       => replica_id replica_directory_id log_end_offset last_fetch_timestamp last_caught_up_timestamp
export const describeQuorumApi = defineApi(
  { key: 55, name: 'DescribeQuorum', versions: [0, 2], flexibleFrom: 0 },
  { topics: arrayOf({ name: string, partitions: arrayOf({ index: int32 }) }) },
  {
    errorCode: int16,
    errorMessage: since(2, nullableString, null),
    topics: arrayOf({
      name: string,
      partitions: arrayOf({
        index: int32,
        errorCode: int16,
        errorMessage: since(2, nullableString, null),
        leaderId: int32,
        leaderEpoch: int32,
        highWatermark: int64,
        voters: replicas(),
        observers: optional(replicas(), []),
      }),
    }),
    nodes: since(
      2,
      arrayOf({ nodeId: int32, listeners: arrayOf({ name: string, host: string, port: uint16 }) }),
      [],
    ),
  },
)

/** The topic of Kafka's own metadata, with one partition. This broker has a file instead of it, which has no offsets. */
const METADATA = '__cluster_metadata'

/** The one node leads a quorum of itself. */
export function describeQuorumRoute({ nodeId, host, port }: BrokerNode): Route {
  return route(describeQuorumApi, ({ topics }) => ({
    errorCode: errorCodes.NONE,
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ index }) => {
        const exists = name === METADATA && index === 0
        const voter = { replicaId: nodeId, logEndOffset: 0, lastCaughtUpTimestamp: Date.now() }
        return {
          index,
          errorCode: exists ? errorCodes.NONE : errorCodes.UNKNOWN_TOPIC_OR_PARTITION,
          leaderId: exists ? nodeId : -1,
          leaderEpoch: exists ? 1 : -1,
          highWatermark: exists ? 0 : -1,
          voters: exists ? [voter] : [],
        }
      }),
    })),
    nodes: [{ nodeId, listeners: [{ name: 'PLAINTEXT', host, port }] }],
  }))
}
