import { Kafka, type KafkaConfig, logLevel } from 'kafkajs'
import Cluster from 'kafkajs/src/cluster/index.js'
import createSocketFactory from 'kafkajs/src/network/socketFactory.js'
import { Refusal } from '#shared/core/refusal.ts'
import { within } from '#shared/pipeline/within.ts'

/** How a cluster is reached. With `ssl` and `sasl` it is MSK, or any Kafka that asks for credentials. */
export type KafkaAccess = Pick<KafkaConfig, 'brokers' | 'ssl' | 'sasl' | 'clientId'>

type Options = { readonly patienceMs?: number; readonly now?: () => number }

/** A request that takes longer is refused. */
const PATIENCE_MS = 5000
/** As for writes (kafka-event-log.ts): the network drops idle connections without notice. */
const LONGEST_IDLE_MS = 60_000
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
  access: KafkaAccess,
  { patienceMs = PATIENCE_MS, now = Date.now }: Options = {},
): KafkaSession {
  const config = {
    ...access,
    connectionTimeout: 1500,
    requestTimeout: 3000,
    retry: { initialRetryTime: 50, maxRetryTime: 500, retries: 1 },
  }
  // Failures are thrown, with their cause.
  const logger = new Kafka({ ...config, logLevel: logLevel.NOTHING }).logger()
  const connect = async () => {
    const cluster = new Cluster({
      ...config,
      logger,
      socketFactory: createSocketFactory(),
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

  let connected: Promise<Cluster> | null = null
  let used = now()
  const drop = (cluster: Promise<Cluster>) => {
    if (connected === cluster) connected = null
    cluster.then((open) => open.disconnect()).catch(() => {}) // its requests fail with their own error
  }
  const attempt = async <T>(request: (cluster: Cluster) => Promise<T>): Promise<T> => {
    if (connected && now() - used > LONGEST_IDLE_MS) drop(connected)
    used = now()
    const isKnown = connected !== null
    connected ??= connect()
    const own = connected
    try {
      return await request(await own)
    } catch (error) {
      if (error instanceof Refusal) throw error
      drop(own)
      if (isKnown) return attempt(request)
      throw error
    }
  }

  return {
    async ask(request) {
      try {
        return await within(patienceMs, attempt(request), `no response from Kafka within ${patienceMs} ms`)
      } catch (cause) {
        if (cause instanceof Refusal) throw cause
        if (connected) drop(connected)
        const detail = `Kafka does not respond (${access.brokers}). Check that it runs and can be reached, and try again.`
        throw new Refusal('unavailable', detail, { cause, retryAfterSeconds: RETRY_AFTER_SECONDS })
      }
    },
  }
}
