import type { Consumer, Kafka } from 'kafkajs'
import type { Mapping } from './mapping.ts'
import { createOffsetCommitter } from './offset-committer.ts'
import type { PartitionWorkers } from './partition-workers.ts'
import { commitStartingOffsets } from './starting-offsets.ts'
import { toKafkaRecord } from './to-kafka-record.ts'
import { backoff, wait } from './wait.ts'

export type ConsumeMapping = {
  kafka: Kafka
  mapping: Mapping
  workers: PartitionWorkers
  log(line: string): void
  /** How long the group waits for a member that was killed, in milliseconds. */
  sessionTimeoutMs: number
  stop: AbortSignal
}

const reconnect = { baseMs: 100, capMs: 2_000 }
// A fetch is answered at once when there are records; this is how long an idle one takes.
const fetchWaitMs = 250
const silenceMs = 30_000

/**
 * Consumes a mapping's topic as a member of its consumer group until `stop` is aborted.
 * When the connection or the membership is lost it starts over, for as long as it takes; a new reason is logged
 * once. Resolves when the running invocations are finished and the group is left.
 */
export async function consumeMapping(options: ConsumeMapping): Promise<void> {
  const { mapping, log, stop, workers } = options
  let topicIsNew = false
  let reported: string | undefined
  for (let failures = 0; !stop.aborted; ) {
    const reason = await runSession(options, topicIsNew, () => {
      if (reported) log(`${mapping.groupId}: consuming ${mapping.topic} again`)
      reported = undefined
      failures = 0
    })
    workers.release()
    if (stop.aborted) break
    const isMissing = /does not host this topic-partition/.test(reason)
    topicIsNew ||= isMissing
    const problem = isMissing ? `there is no topic ${mapping.topic} yet` : `lost Kafka (${reason})`
    if (problem !== reported) log(`${mapping.groupId}: ${problem}, trying again until it is there`)
    reported = problem
    failures += 1
    await wait(backoff(failures, reconnect), stop)
  }
  await workers.stop()
}

/** @returns why the session ended. */
async function runSession(options: ConsumeMapping, topicIsNew: boolean, onJoin: () => void): Promise<string> {
  const { kafka, mapping, stop, workers } = options
  const consumer = createConsumer(options)
  const over = new AbortController()
  const ended = watch(consumer, AbortSignal.any([stop, over.signal]))
  try {
    await consumer.connect()
    await commitStartingOffsets({ kafka, mapping, topicIsNew })
    await consumer.subscribe({ topic: mapping.topic, fromBeginning: true })
    follow(consumer, options, onJoin)
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      // The workers keep the records and answer at once: a fetch loop that waits for an invocation neither
      // sends heartbeats nor serves the other partitions of the same broker.
      eachBatch: async ({ batch: { topic, partition, messages }, pause, resolveOffset }) => {
        const records = messages.map((message) => toKafkaRecord(topic, partition, message))
        const last = messages.at(-1)
        if (last && workers.deliver(partition, records, pause)) resolveOffset(last.offset)
      },
    })
    const reason = await ended
    if (stop.aborted) await workers.stop()
    return reason
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  } finally {
    over.abort()
    // A broker that hangs must not hold up the next session.
    await Promise.race([consumer.disconnect().catch(() => {}), wait(5_000, new AbortController().signal)])
  }
}

function createConsumer({ kafka, mapping, sessionTimeoutMs }: ConsumeMapping): Consumer {
  return kafka.consumer({
    groupId: mapping.groupId,
    allowAutoTopicCreation: false,
    maxWaitTimeInMs: fetchWaitMs,
    minBytes: 1,
    sessionTimeout: sessionTimeoutMs,
    rebalanceTimeout: 10_000,
    heartbeatInterval: Math.min(1_000, sessionTimeoutMs / 3),
    // Recreating the consumer is our task: kafkajs restarts after some errors and stays dead after others.
    retry: { initialRetryTime: 50, maxRetryTime: 1_000, retries: 4, restartOnFailure: async () => false },
  })
}

/** Hands the partitions over whenever the group has assigned them anew. */
function follow(consumer: Consumer, { mapping, workers, log }: ConsumeMapping, onJoin: () => void): void {
  const { topic } = mapping
  const commit = (offsets: Map<number, number>): Promise<void> =>
    consumer.commitOffsets(
      [...offsets].map(([partition, offset]) => ({ topic, partition, offset: String(offset) })),
    )
  consumer.on(consumer.events.REBALANCING, () => workers.release())
  let rejoined = false
  consumer.on(consumer.events.GROUP_JOIN, () => {
    const report = (line: string): void => log(`${mapping.groupId}: ${line}`)
    workers.assign(createOffsetCommitter({ commit, retryBackoff: reconnect, log: report }), { rejoined })
    rejoined = true
    onJoin()
  })
}

/** @returns why the consumer ended: it crashed, went silent, or `signal` was aborted. */
async function watch(consumer: Consumer, signal: AbortSignal): Promise<string> {
  const ended = Promise.withResolvers<string>()
  let lastSign = Date.now()
  consumer.on(consumer.events.CRASH, ({ payload }) => ended.resolve(payload.error.message))
  consumer.on(consumer.events.FETCH_START, () => {
    lastSign = Date.now()
  })
  // kafkajs can fail to report a crash when disconnecting fails as well; then it is only silent.
  const timer = setInterval(() => {
    if (Date.now() - lastSign > silenceMs) ended.resolve(`no sign of life for ${silenceMs} ms`)
  }, 1_000)
  signal.addEventListener('abort', () => ended.resolve('stopped'), { once: true })
  try {
    return await ended.promise
  } finally {
    clearInterval(timer)
  }
}
