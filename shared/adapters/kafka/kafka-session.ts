import { Kafka, logLevel } from 'kafkajs'
import Cluster from 'kafkajs/src/cluster/index.js'
import { Refusal } from '#shared/core/refusal.ts'
import { within } from '#shared/pipeline/within.ts'
import { heardWithin, isTooOld, LONGEST_IDLE_MS, refusesUser } from './connection-age.ts'
import type { KafkaAccess } from './kafka-access.ts'
import { trackedSockets } from './tracked-sockets.ts'

type Options = {
  readonly patienceMs?: number
  /** How long connections that have worked may give no response, in milliseconds. */
  readonly silenceMs?: number
  readonly now?: () => number
}

/** A request that takes longer is refused. */
const PATIENCE_MS = 5000
/** As for writes (kafka-event-log.ts). What takes longer is asked for a second time, with more patience. */
const SILENCE_MS = 1000
const RETRY_AFTER_SECONDS = 5

/** A connection to each broker of a cluster, for requests that kafkajs has no client for. */
export type KafkaSession = {
  /**
   * Returns what a request returns. It is repeated once on new connections, if it failed on connections that were used
   * before. Throws Refusal `unavailable` if it fails again, or takes too long; what it throws as a Refusal is thrown on.
   */
  ask<T>(request: (cluster: Cluster) => Promise<T>): Promise<T>
}

/**
 * Connects with the first request, and again after one failed or after a minute without any. kafkajs has no public way to
 * fetch outside a consumer group, so this is its own inner cluster: the version is fixed, and tests run it against the
 * local broker and Apache Kafka.
 */
export function kafkaSession(
  { topicPrefix, lastsMs, ...access }: KafkaAccess,
  { patienceMs = PATIENCE_MS, silenceMs = SILENCE_MS, now = Date.now }: Options = {},
): KafkaSession {
  let current: Connections | null = null
  let used = now()
  const leave = (connections: Connections) => {
    if (current === connections) current = null
    connections.destroy()
  }
  const attempt = async <T>(request: (cluster: Cluster) => Promise<T>, isLast = false): Promise<T> => {
    const time = now()
    if (current && isTooOld({ used, opened: current.opened, now: time, lastsMs })) leave(current)
    used = time
    const isKnown = current !== null
    current ??= openConnections(access, time)
    const own = current
    const asked = own.cluster.then(request)
    try {
      return await (isKnown ? heardWithin(silenceMs, asked, 'connections to Kafka are silent') : asked)
    } catch (error) {
      if (error instanceof Refusal) throw error
      leave(own)
      if (isLast || !(isKnown || refusesUser(error))) throw error
      return attempt(request, true)
    }
  }

  return {
    async ask(request) {
      try {
        return await within(patienceMs, attempt(request), `no response from Kafka within ${patienceMs} ms`)
      } catch (cause) {
        if (cause instanceof Refusal) throw cause
        if (current) leave(current)
        const detail = `Kafka does not respond (${access.brokers}). Check that it runs and can be reached, and try again.`
        throw new Refusal('unavailable', detail, { cause, retryAfterSeconds: RETRY_AFTER_SECONDS })
      }
    },
  }
}

type Connections = {
  readonly opened: number
  readonly cluster: Promise<Cluster>
  /** Ends them at once. What is under way fails. */
  destroy(): void
}

function openConnections(access: Omit<KafkaAccess, 'topicPrefix' | 'lastsMs'>, opened: number): Connections {
  const sockets = trackedSockets()
  const config = {
    ...access,
    connectionTimeout: 1500,
    requestTimeout: 3000,
    retry: { initialRetryTime: 50, maxRetryTime: 500, retries: 1 },
  }
  const connect = async () => {
    const cluster = new Cluster({
      ...config,
      // Failures are thrown, with their cause.
      logger: new Kafka({ ...config, logLevel: logLevel.NOTHING }).logger(),
      socketFactory: sockets.open,
      enforceRequestTimeout: true,
      allowAutoTopicCreation: false,
      metadataMaxAge: LONGEST_IDLE_MS,
      authenticationTimeout: 3000,
      reauthenticationThreshold: 10_000,
      maxInFlightRequests: null,
    })
    await cluster.connect()
    await cluster.refreshMetadata()
    return cluster
  }
  const cluster = connect()
  return {
    opened,
    cluster,
    destroy() {
      sockets.destroy()
      cluster.then((open) => open.disconnect()).catch(() => {}) // its requests fail with their own error
    },
  }
}
