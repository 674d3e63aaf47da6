import { Kafka, logLevel } from 'kafkajs'
import { consumeMapping } from './consume-mapping.ts'
import { createDestination } from './create-destination.ts'
import type { Invoke, Mapping } from './mapping.ts'
import { createPartitionWorkers } from './partition-workers.ts'
import { stopIdlePolling } from './stop-idle-polling.ts'
import { toLambdaEvent } from './to-lambda-event.ts'
import type { Backoff } from './wait.ts'

type StartMskTrigger = {
  mappings: Mapping[]
  brokers: string[]
  invoke: Invoke
  log(line: string): void
  /** Overrides the batching window of every mapping, in milliseconds: a developer does not wait for batches. */
  windowMs?: number
  /** How long the group waits for a member that was killed, in milliseconds. */
  sessionTimeoutMs?: number
  retryBackoff?: Backoff
}

// Lambda's limit on the payload of a synchronous invocation is 6 MB; the rest is for the event around the records.
const maxPayloadBytes = 6 * 1024 * 1024 - 4096

/**
 * Feeds functions from Kafka as Lambda's event source mappings for MSK and self-managed Kafka do: in order per
 * partition, at least once, committed after success only. Returns at once and connects in the background, for
 * as long as it takes, so that the brokers, topics and functions may come up later or go away for a while.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html
 * @returns `stop`, which waits for the running invocations, commits what they finished and leaves the groups.
 */
export async function startMskTrigger(options: StartMskTrigger): Promise<{ stop(): Promise<void> }> {
  const { brokers, invoke, log, sessionTimeoutMs = 6_000, windowMs } = options
  const { retryBackoff = { baseMs: 200, capMs: 10_000 } } = options
  const kafka = createKafka(brokers)
  const destination = createDestination(kafka)
  const stop = new AbortController()
  const consuming = options.mappings.map((declared) => {
    const mapping = windowMs === undefined ? declared : { ...declared, windowMs }
    const workers = createPartitionWorkers({
      mapping,
      invoke,
      log,
      retryBackoff,
      maxPayloadBytes,
      discard: destination.discard,
      toEvent: (records) => toLambdaEvent(records, { ...mapping, brokers }),
    })
    return consumeMapping({ kafka, mapping, workers, log, sessionTimeoutMs, stop: stop.signal })
  })
  return {
    async stop() {
      stop.abort()
      await Promise.all(consuming)
      await destination.close()
    },
  }
}

function createKafka(brokers: string[]): Kafka {
  stopIdlePolling()
  // What goes wrong is reported by the session in one line; kafkajs writes a JSON object per retry.
  const retry = { initialRetryTime: 50, maxRetryTime: 1_000, retries: 4 }
  return new Kafka({
    clientId: 'msk-trigger',
    brokers,
    logLevel: logLevel.NOTHING,
    requestTimeout: 10_000,
    retry,
  })
}
