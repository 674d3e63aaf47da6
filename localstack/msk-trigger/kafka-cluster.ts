import { type BrokerConnection, consumerApis } from '../broker/connect-to-broker.ts'

/** The codes of https://kafka.apache.org/protocol#protocol_error_codes that a consumer handles. */
export const codes = {
  NONE: 0,
  OFFSET_OUT_OF_RANGE: 1,
  UNKNOWN_TOPIC_OR_PARTITION: 3,
  LEADER_NOT_AVAILABLE: 5,
  NOT_LEADER_OR_FOLLOWER: 6,
  COORDINATOR_LOAD_IN_PROGRESS: 14,
  COORDINATOR_NOT_AVAILABLE: 15,
  NOT_COORDINATOR: 16,
  ILLEGAL_GENERATION: 22,
  UNKNOWN_MEMBER_ID: 25,
  REBALANCE_IN_PROGRESS: 27,
  MEMBER_ID_REQUIRED: 79,
} as const

/** A broker refused a request. */
export class KafkaError extends Error {
  override readonly name = 'KafkaError'
  readonly code: number

  constructor(code: number) {
    const [known] = Object.entries(codes).find(([, value]) => value === code) ?? []
    super(known ?? `error ${code} of Kafka`)
    this.code = code
  }
}

/** Throws KafkaError unless the code says that there was no error. */
export function throwIfFailed(errorCode: number): void {
  if (errorCode !== codes.NONE) throw new KafkaError(errorCode)
}

/** Whether the cluster has no such topic. */
export function isMissingTopic(error: unknown): boolean {
  return error instanceof KafkaError && error.code === codes.UNKNOWN_TOPIC_OR_PARTITION
}

/**
 * Returns the address of the leader of each partition of a topic, as `host:port`. Throws KafkaError if the topic does
 * not exist, or a partition has no leader.
 */
export async function readLeaders(connection: BrokerConnection, topic: string): Promise<Map<number, string>> {
  const request = { topics: [{ name: topic }], allowAutoTopicCreation: false }
  const { brokers, topics } = await connection.call(consumerApis.metadata, request)
  const addresses = new Map(brokers.map(({ nodeId, host, port }) => [nodeId, `${host}:${port}`]))
  const [found] = topics
  throwIfFailed(found?.errorCode ?? codes.UNKNOWN_TOPIC_OR_PARTITION)
  const leaders = new Map<number, string>()
  for (const { index, leaderId, errorCode } of found?.partitions ?? []) {
    const leader = addresses.get(leaderId)
    // A partition may lack a replica and still have its leader.
    if (leader === undefined) throw new KafkaError(errorCode || codes.LEADER_NOT_AVAILABLE)
    leaders.set(index, leader)
  }
  return new Map([...leaders].sort(([left], [right]) => left - right))
}
