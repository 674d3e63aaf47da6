import { Kafka, logLevel } from 'kafkajs'
import { stopIdlePolling } from '../stop-idle-polling.ts'
import { consumeMapping } from './consume-mapping.ts'
import { joinInvocations } from './join-invocations.ts'
import { createLambdaInvoker, type Invoke } from './lambda-invoker.ts'
import type { Mapping, Service } from './mapping.ts'
import { createOnFailureDestination } from './on-failure-destination.ts'
import { createPartitionWorkers, type Unpassable } from './partition-workers.ts'
import { readMappings } from './read-mappings.ts'
import { toLambdaEvent } from './to-lambda-event.ts'
import type { Backoff } from './wait.ts'

export type MskTriggerOptions = {
  /** The service object of the Serverless Framework, after its variables are resolved. */
  service: Service
  brokers: string[]
  log(line: string): void
  /** Overrides the timeout of every function, in milliseconds: somebody may sit at a breakpoint. */
  timeoutMs?: number
  /** What becomes of a batch that cannot be decompressed, and of a record above 6 MB; default `discard`. */
  unpassable?: Unpassable
} & (
  | { /** Where Lambda's Invoke API is, such as `http://127.0.0.1:3002`. */ lambdaEndpoint: string }
  | { /** Invokes a function, where the functions are on the same thread. */ invoke: Invoke }
)

type MskTrigger = {
  /** Waits for the running invocations, commits what they finished and leaves the consumer groups. */
  stop(): Promise<void>
}

/**
 * Feeds the functions of a service from Kafka as Lambda's event source mappings for MSK and self-managed Kafka do:
 * in order per partition, at least once, committed after success only. Returns at once and connects in the
 * background, for as long as it takes: the brokers, topics and functions may start later or be away for a while.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html
 * @throws Error that lists every bad value of the service's mappings.
 */
export function startMskTrigger(options: MskTriggerOptions): MskTrigger {
  const { service, brokers, log, timeoutMs, unpassable } = options
  const invoke = 'invoke' in options ? options.invoke : createLambdaInvoker(options.lambdaEndpoint)
  const mappings = readMappings(service).map((declared) => ({
    ...declared,
    timeoutMs: timeoutMs ?? declared.timeoutMs,
  }))
  return consumeMappings({ brokers, log, mappings, invoke, unpassable })
}

/**
 * Returns the topics that the mappings of a service consume, and those that they write discarded batches to.
 * @throws Error that lists every bad value of the service's mappings.
 */
export function readTriggerTopics(service: Service): string[] {
  const topics = readMappings(service).flatMap(({ topic, onFailureTopic }) => [topic, onFailureTopic])
  return [...new Set(topics)].filter((topic) => topic !== undefined)
}

type ConsumeMappings = {
  mappings: Mapping[]
  brokers: string[]
  invoke: Invoke
  log(line: string): void
  unpassable?: Unpassable | undefined
  /** How long the group waits for a member that was killed, in milliseconds. */
  sessionTimeoutMs?: number
  retryBackoff?: Backoff
}

// Lambda's limit on the payload of a synchronous invocation is 6 MB; the rest is for the event around the records.
const maxPayloadBytes = 6 * 1024 * 1024 - 4096

/** The trigger for given mappings and a given way to invoke. */
export function consumeMappings(options: ConsumeMappings): MskTrigger {
  const { brokers, invoke, log, sessionTimeoutMs = 6_000, unpassable = 'discard' } = options
  const { retryBackoff = { baseMs: 200, capMs: 10_000 } } = options
  const kafka = createKafka(brokers)
  const destination = createOnFailureDestination(kafka)
  const stop = new AbortController()
  const consuming = options.mappings.map((mapping) => {
    const workers = createPartitionWorkers({
      mapping,
      invoke: joinInvocations(invoke, { batchSize: mapping.batchSize, maxBytes: maxPayloadBytes }),
      log,
      retryBackoff,
      maxPayloadBytes,
      unpassable,
      discard: destination.discard,
      toEvent: (records) => toLambdaEvent(records, { ...mapping, brokers }),
    })
    return consumeMapping({ kafka, brokers, mapping, workers, log, sessionTimeoutMs, stop: stop.signal })
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
  // The session reports failures in one line; kafkajs would write a JSON object for each retry.
  const retry = { initialRetryTime: 50, maxRetryTime: 1_000, retries: 4 }
  return new Kafka({
    clientId: 'msk-trigger',
    brokers,
    logLevel: logLevel.NOTHING,
    requestTimeout: 10_000,
    retry,
  })
}
