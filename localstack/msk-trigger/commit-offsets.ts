import type { Admin, Kafka, SeekEntry } from 'kafkajs'
import type { Mapping, StartingPosition } from './mapping.ts'
import { type Backoff, backoff, wait } from './wait.ts'

export type OffsetCommitter = {
  /** Everything of the partition below `offset` is done. Does not wait. */
  mark(partition: number, offset: number): void
  /** Waits until what is marked is committed, or one more attempt has failed. */
  flush(): Promise<void>
  /** Drops what is not committed: the partitions are no longer ours. */
  cancel(): void
}

type CommitterOptions = {
  commit(offsets: Map<number, number>): Promise<void>
  retryBackoff: Backoff
  log(line: string): void
}

/**
 * Under load a commit costs as much as the invocation before it, so they are this far apart. After a `kill -9` at most
 * what was done in this time is repeated.
 */
const COMMIT_INTERVAL_MS = 50

/**
 * Commits the latest marked offset of every partition, one request at a time, until it succeeds. The first mark is
 * committed at once, those of the next `COMMIT_INTERVAL_MS` together. An invocation does not wait for the commit of the
 * previous one.
 */
export function createOffsetCommitter({ commit, retryBackoff, log }: CommitterOptions): OffsetCommitter {
  const cancelled = new AbortController()
  const hurried = new AbortController()
  const either = AbortSignal.any([cancelled.signal, hurried.signal])
  let marked = new Map<number, number>()
  let running: Promise<void> | undefined

  async function commitAll(): Promise<void> {
    for (let failures = 0; marked.size > 0 && !cancelled.signal.aborted; ) {
      const offsets = marked
      marked = new Map()
      try {
        await commit(offsets)
        failures = 0
        await wait(COMMIT_INTERVAL_MS, either)
      } catch (error) {
        // Marks that were set meanwhile are higher.
        marked = new Map([...offsets, ...marked])
        if (hurried.signal.aborted) return
        failures += 1
        // The session notices and reports a lost connection; only what lasts is worth a line.
        if (failures === 3) log(`offsets cannot be committed (${error}), trying again until they are`)
        await wait(backoff(failures, retryBackoff), either)
      }
    }
  }

  return {
    mark(partition, offset) {
      if (cancelled.signal.aborted) return
      marked.set(partition, offset)
      running ??= commitAll().finally(() => {
        running = undefined
      })
    },
    async flush() {
      hurried.abort()
      await running
    },
    cancel: () => cancelled.abort(),
  }
}

type StartingOffsets = { kafka: Kafka; mapping: Mapping; topicIsNew: boolean }

/**
 * Commits where a consumer group without offsets begins, for every partition, before it reads anything.
 * Lambda resolves LATEST at its first poll, and again after a crash before the first commit; records that are
 * produced in between are skipped. Here the position is durable as soon as it is known. A partition that
 * is added later, or a topic that was created after the trigger started, is read from its beginning.
 */
export async function commitStartingOffsets({ kafka, mapping, topicIsNew }: StartingOffsets): Promise<void> {
  const { groupId, topic, startingPosition } = mapping
  if (startingPosition.at === 'TRIM_HORIZON') return
  const admin = kafka.admin()
  await admin.connect()
  try {
    const [committed] = await admin.fetchOffsets({ groupId, topics: [topic] })
    if (committed?.partitions.some(({ offset }) => Number(offset) >= 0)) return
    const position: StartingPosition = topicIsNew ? { at: 'TRIM_HORIZON' } : startingPosition
    await commitAsMember(kafka, { groupId, topic, positions: await resolve(admin, topic, position) })
  } finally {
    await admin.disconnect()
  }
}

async function resolve(admin: Admin, topic: string, position: StartingPosition): Promise<SeekEntry[]> {
  if (position.at === 'AT_TIMESTAMP') return admin.fetchTopicOffsetsByTimestamp(topic, position.timestamp)
  const limits = await admin.fetchTopicOffsets(topic)
  const end = position.at === 'LATEST' ? 'high' : 'low'
  return limits.map((limit) => ({ partition: limit.partition, offset: limit[end] }))
}

type Positions = { groupId: string; topic: string; positions: SeekEntry[] }

// kafkajs' admin.setOffsets does the same but takes five seconds: it waits for a fetch of an idle consumer.
async function commitAsMember(kafka: Kafka, { groupId, topic, positions }: Positions): Promise<void> {
  const member = kafka.consumer({ groupId, allowAutoTopicCreation: false, maxWaitTimeInMs: 1 })
  await member.connect()
  try {
    await member.subscribe({ topics: [topic], fromBeginning: true })
    await member.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch: async () => {} })
    await member.commitOffsets(positions.map(({ partition, offset }) => ({ topic, partition, offset })))
  } finally {
    await member.disconnect()
  }
}
