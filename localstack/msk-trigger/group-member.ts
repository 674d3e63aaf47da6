import {
  type BrokerConnection,
  connectToAny,
  connectToBroker,
  consumerApis,
} from '../broker/connect-to-broker.ts'
import { codes, KafkaError, readLeaders, throwIfFailed } from './kafka-cluster.ts'
import { assignRoundRobin, decodeAssignment, encodeSubscription, PROTOCOL } from './round-robin.ts'
import { wait } from './wait.ts'

export type Assignment = {
  /** The address of the leader of each partition that is this member's, as `host:port`. */
  leaders: ReadonlyMap<number, string>
  /** The committed offset of each of them that has one. */
  committed: ReadonlyMap<number, number>
}

/** A member of the consumer group of a mapping, on a connection of its own: a join may wait for other members. */
export type GroupMember = {
  /** Joins the group, or joins it again, and waits until its leader has assigned the partitions. */
  join(): Promise<Assignment>
  /** Commits for the generation that was joined last. Rejects if the group has another one. */
  commit(offsets: ReadonlyMap<number, number>): Promise<void>
  /** Sends heartbeats. Resolves when the group must be joined again, or when `signal` is aborted. */
  untilRebalance(signal: AbortSignal): Promise<void>
  /** Leaves the group and closes the connection. Never rejects: a member that cannot leave expires. */
  leave(): Promise<void>
}

type MemberOptions = {
  brokers: readonly string[]
  clientId: string
  groupId: string
  topic: string
  /** How long the group waits for a member that was killed, in milliseconds. */
  sessionTimeoutMs: number
}

const REBALANCE_TIMEOUT_MS = 10_000
const LEAVE_TIMEOUT_MS = 1_000
/** A topic whose partitions became more is found after so many heartbeats. */
const HEARTBEATS_PER_CHECK = 2
/** The member has to join again. */
const REJOIN: readonly number[] = [
  codes.REBALANCE_IN_PROGRESS,
  codes.ILLEGAL_GENERATION,
  codes.UNKNOWN_MEMBER_ID,
]

/** Connects to the coordinator of a group. Rejects if it is not reachable. */
export async function openGroupMember(options: MemberOptions): Promise<GroupMember> {
  const { groupId, topic, sessionTimeoutMs } = options
  const connection = await connectToCoordinator(options)
  let memberId = ''
  let generationId = -1
  let partitionCount = 0

  async function synchronise(leader: string, memberIds: readonly string[], partitions: readonly number[]) {
    return connection.call(
      consumerApis.syncGroup,
      {
        groupId,
        generationId,
        memberId,
        assignments: leader === memberId ? assignRoundRobin(memberIds, { topic, partitions }) : [],
      },
      REBALANCE_TIMEOUT_MS + 5_000,
    )
  }

  async function readCommitted(partitions: readonly number[]): Promise<Map<number, number>> {
    const wanted = [{ name: topic, partitions }]
    const response = await connection.call(consumerApis.offsetFetch, { groupId, topics: wanted })
    throwIfFailed(response.errorCode)
    const found = response.topics[0]?.partitions ?? []
    for (const { errorCode } of found) throwIfFailed(errorCode)
    return new Map(found.filter(({ offset }) => offset >= 0).map(({ index, offset }) => [index, offset]))
  }

  return {
    async join() {
      for (;;) {
        const joined = await connection.call(
          consumerApis.joinGroup,
          {
            groupId,
            sessionTimeoutMs,
            rebalanceTimeoutMs: REBALANCE_TIMEOUT_MS,
            memberId,
            protocolType: 'consumer',
            protocols: [{ name: PROTOCOL, metadata: encodeSubscription(topic) }],
          },
          REBALANCE_TIMEOUT_MS + sessionTimeoutMs + 5_000,
        )
        memberId = joined.errorCode === codes.UNKNOWN_MEMBER_ID ? '' : joined.memberId || memberId
        if (joined.errorCode === codes.MEMBER_ID_REQUIRED || REJOIN.includes(joined.errorCode)) continue
        throwIfFailed(joined.errorCode)
        generationId = joined.generationId
        const all = await readLeaders(connection, topic)
        partitionCount = all.size
        const memberIds = joined.members.map((member) => member.memberId)
        const synced = await synchronise(joined.leader, memberIds, [...all.keys()])
        if (synced.errorCode === codes.UNKNOWN_MEMBER_ID) memberId = ''
        if (REJOIN.includes(synced.errorCode)) continue
        throwIfFailed(synced.errorCode)
        const partitions = decodeAssignment(synced.assignment, topic)
        const leaders = new Map(partitions.map((partition) => [partition, all.get(partition) ?? '']))
        return { leaders, committed: await readCommitted(partitions) }
      }
    },
    async commit(offsets) {
      const partitions = [...offsets].map(([index, offset]) => ({ index, offset, metadata: null }))
      const topics = [{ name: topic, partitions }]
      const request = { groupId, generationId, memberId, topics }
      const response = await connection.call(consumerApis.offsetCommit, request)
      for (const { errorCode } of response.topics[0]?.partitions ?? []) throwIfFailed(errorCode)
    },
    async untilRebalance(signal) {
      for (let beats = 1; ; beats += 1) {
        await wait(sessionTimeoutMs / 3, signal)
        if (signal.aborted) return
        const { errorCode } = await connection.call(consumerApis.heartbeat, {
          groupId,
          generationId,
          memberId,
        })
        if (errorCode === codes.UNKNOWN_MEMBER_ID) memberId = ''
        if (REJOIN.includes(errorCode)) return
        throwIfFailed(errorCode)
        if (beats % HEARTBEATS_PER_CHECK > 0) continue
        if ((await readLeaders(connection, topic)).size !== partitionCount) return
      }
    },
    async leave() {
      await connection
        .call(consumerApis.leaveGroup, { groupId, memberId }, LEAVE_TIMEOUT_MS)
        .catch(() => undefined)
      connection.close()
    },
  }
}

/** A new cluster has no coordinator until it has created the topic of the offsets. */
const COORDINATOR_TRIES = 20
const COORDINATOR_PAUSE_MS = 100

async function connectToCoordinator({
  brokers,
  clientId,
  groupId,
}: MemberOptions): Promise<BrokerConnection> {
  const connection = await connectToAny(brokers, clientId)
  try {
    for (let tries = 1; ; tries += 1) {
      const request = { key: groupId, keyType: 0 }
      const { errorCode, host, port } = await connection.call(consumerApis.findCoordinator, request)
      if (errorCode === codes.NONE) return await connectToBroker(`${host}:${port}`, clientId)
      if (errorCode !== codes.COORDINATOR_NOT_AVAILABLE || tries === COORDINATOR_TRIES)
        throw new KafkaError(errorCode)
      await wait(COORDINATOR_PAUSE_MS, new AbortController().signal)
    }
  } finally {
    connection.close()
  }
}
