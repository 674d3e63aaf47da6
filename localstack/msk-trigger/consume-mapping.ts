import type { Consumer, Kafka } from 'kafkajs'
import { commitStartingOffsets, createOffsetCommitter } from './commit-offsets.ts'
import type { PartitionWorkers } from './partition-workers.ts'
import type { Mapping } from './read-mappings.ts'
import { toKafkaRecord } from './to-lambda-event.ts'
import { backoff, wait } from './wait.ts'

type ConsumeMapping = {
  kafka: Kafka
  mapping: Mapping
  workers: PartitionWorkers
  log(line: string): void
  /** How long the group waits for a member that was killed, in milliseconds. */
  sessionTimeoutMs: number
  stop: AbortSignal
}

const reconnect = { baseMs: 100, capMs: 2_000 }
// A fetch returns at once if there are records; this is how long an idle one takes.
const fetchWaitMs = 250
const silenceMs = 30_000

/**
 * Consumes a mapping's topic as a member of its consumer group until `stop` is aborted.
 * When the connection or the membership is lost it starts again, for as long as it takes; a new reason is logged
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

/** Returns why the session ended. */
async function runSession(options: ConsumeMapping, topicIsNew: boolean, onJoin: () => void): Promise<string> {
  const { kafka, mapping, stop, workers } = options
  const consumer = createConsumer(options)
  const left = new AbortController()
  const ended = watch(consumer, AbortSignal.any([stop, left.signal]))
  try {
    await consumer.connect()
    await commitStartingOffsets({ kafka, mapping, topicIsNew })
    await consumer.subscribe({ topic: mapping.topic, fromBeginning: true })
    follow(consumer, options, onJoin)
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      // The workers buffer the records and return at once: a fetch loop that waits for an invocation neither
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
    left.abort()
    // A broker that hangs must not delay the next session.
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
    // Only we make a new consumer: kafkajs restarts after some errors and stays dead after others.
    retry: { initialRetryTime: 50, maxRetryTime: 1_000, retries: 4, restartOnFailure: async () => false },
  })
}

/** Passes the partitions to the workers each time that the group assigns them. */
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

/** Returns why the consumer ended: it crashed, went silent, or `signal` was aborted. */
async function watch(consumer: Consumer, signal: AbortSignal): Promise<string> {
  const ended = Promise.withResolvers<string>()
  let lastFetch = Date.now()
  consumer.on(consumer.events.CRASH, ({ payload }) => ended.resolve(payload.error.message))
  consumer.on(consumer.events.FETCH_START, () => {
    lastFetch = Date.now()
  })
  // kafkajs may not report a crash if disconnecting fails as well; then it is only silent.
  const timer = setInterval(() => {
    if (Date.now() - lastFetch > silenceMs) ended.resolve(`no fetch for ${silenceMs} ms`)
  }, 1_000)
  signal.addEventListener('abort', () => ended.resolve('stopped'), { once: true })
  try {
    return await ended.promise
  } finally {
    clearInterval(timer)
  }
}
