import type { Kafka } from 'kafkajs'
import { ConnectionError, connectToAny } from '../broker/connect-to-broker.ts'
import { commitStartingOffsets, createOffsetCommitter } from './commit-offsets.ts'
import { fetchTopic } from './fetch-topic.ts'
import { type GroupMember, openGroupMember } from './group-member.ts'
import { isMissingTopic, readLeaders } from './kafka-cluster.ts'
import type { Mapping } from './mapping.ts'
import type { PartitionWorkers } from './partition-workers.ts'
import { backoff, wait } from './wait.ts'

type ConsumeMapping = {
  kafka: Kafka
  brokers: readonly string[]
  mapping: Mapping
  workers: PartitionWorkers
  log(line: string): void
  /** How long the group waits for a member that was killed, in milliseconds. */
  sessionTimeoutMs: number
  stop: AbortSignal
}

const CLIENT_ID = 'msk-trigger'
const reconnect = { baseMs: 100, capMs: 2_000 }

/**
 * Consumes a mapping's topic as a member of its consumer group until `stop` is aborted.
 * When the connection or the membership is lost, or a record cannot be read, it starts again, for as long as it takes.
 * That is logged once until it fetches again, or fails for another reason. Resolves when the running invocations are finished and the group is left.
 */
export async function consumeMapping(options: ConsumeMapping): Promise<void> {
  const { mapping, log, stop, workers } = options
  let topicIsNew = false
  let reported: string | undefined
  for (let failures = 0; !stop.aborted; ) {
    const error = await runSession(options, topicIsNew, () => {
      if (reported) log(`${mapping.groupId}: consuming ${mapping.topic} again`)
      reported = undefined
      failures = 0
    })
    workers.release()
    if (stop.aborted) break
    const isMissing = isMissingTopic(error)
    topicIsNew ||= isMissing
    const reason = error instanceof Error ? error.message : String(error)
    const problem = isMissing ? `there is no topic ${mapping.topic} yet` : `lost Kafka (${reason})`
    // One outage has several: the connection is closed, and then refused.
    const kind = error instanceof ConnectionError ? error.name : problem
    if (kind !== reported) log(`${mapping.groupId}: ${problem}, trying again until it is there`)
    reported = kind
    failures += 1
    await wait(backoff(failures, reconnect), stop)
  }
  await workers.stop()
}

/** Returns the error that ended the session, or undefined after `stop`. */
async function runSession(
  options: ConsumeMapping,
  topicIsNew: boolean,
  onFetched: () => void,
): Promise<unknown> {
  const { brokers, kafka, mapping, sessionTimeoutMs, stop } = options
  let member: GroupMember | undefined
  try {
    await assertTopic(brokers, mapping.topic)
    await commitStartingOffsets({ kafka, mapping, topicIsNew })
    const { groupId, topic } = mapping
    member = await openGroupMember({ brokers, clientId: CLIENT_ID, groupId, topic, sessionTimeoutMs })
    while (!stop.aborted) await consumeGeneration(member, options, onFetched)
    return undefined
  } catch (error) {
    return error
  } finally {
    await member?.leave()
  }
}

async function assertTopic(brokers: readonly string[], topic: string): Promise<void> {
  const connection = await connectToAny(brokers, CLIENT_ID)
  try {
    await readLeaders(connection, topic)
  } finally {
    connection.close()
  }
}

/** Joins the group and consumes what it assigns, until the group rebalances or the trigger stops. */
async function consumeGeneration(
  member: GroupMember,
  { mapping: { topic, groupId }, workers, log, stop }: ConsumeMapping,
  onFetched: () => void,
): Promise<void> {
  const stopped = untilAborted(stop)
  const assignment = await Promise.race([member.join(), stopped])
  if (!assignment || stop.aborted) return
  const report = (line: string): void => log(`${groupId}: ${line}`)
  workers.assign(createOffsetCommitter({ commit: member.commit, retryBackoff: reconnect, log: report }))
  const ended = new AbortController()
  const fetching = fetchTopic({
    topic,
    clientId: CLIENT_ID,
    leaders: assignment.leaders,
    positions: assignment.committed,
    // The workers buffer the records and return at once, so that the fetching continues during an invocation.
    take: (partition, fetched, pause) =>
      workers.deliver(
        partition,
        fetched.map((record) => ({ topic, partition, ...record })),
        pause,
      ),
    onFetched,
    signal: AbortSignal.any([ended.signal, stop]),
  })
  const rebalancing = member.untilRebalance(ended.signal)
  try {
    await Promise.race([stopped, rebalancing, fetching])
    // The member stays in the group until its running invocations are committed.
    if (stop.aborted) await workers.stop()
  } finally {
    ended.abort()
    workers.release()
    await Promise.allSettled([fetching, rebalancing])
  }
}

function untilAborted(signal: AbortSignal): Promise<undefined> {
  if (signal.aborted) return Promise.resolve(undefined)
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(undefined), { once: true }))
}
