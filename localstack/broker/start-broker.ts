import { join } from 'node:path'
import { createCoordinator } from './groups/coordinator.ts'
import type { BrokerNode } from './handlers/cluster.ts'
import { createRoutes } from './routes.ts'
import { serveConnection } from './server/connection.ts'
import { createDispatch } from './server/dispatch.ts'
import { listen } from './server/listen.ts'
import { openClusterFile } from './storage/cluster-file.ts'
import { lockDirectory } from './storage/lock-directory.ts'
import { openOffsetStore } from './storage/offset-store.ts'
import { createProducerIds } from './storage/producer-ids.ts'
import { openTopicStore } from './storage/topic-store.ts'

export type BrokerOptions = {
  /** 0 takes any free port. */
  port: number
  /** Where the broker listens and what it tells its clients; default 127.0.0.1. */
  host?: string
  /** Created if missing; one broker at a time. */
  dataDir: string
  /** Partitions of a topic that is created without a count; default 1. */
  defaultPartitions?: number
  /** Default of `retention.ms`; default 7 days. */
  retentionMs?: number
  log?: (line: string) => void
}

export type Broker = {
  /** `host:port` */
  endpoint: string
  stop(): Promise<void>
}

const WEEK_MS = 604_800_000
const SEGMENT_BYTES = 16 * 1024 * 1024
const HOUSEKEEPING_MS = 60_000
/** Kafka's `group.min.session.timeout.ms` and `group.max.session.timeout.ms`. */
const SESSION_TIMEOUT_MS = { min: 6_000, max: 1_800_000 }

/**
 * Starts the Kafka broker for development: one node, durable in `dataDir`, answering on `host:port`.
 * Rejects with `code: 'EADDRINUSE'` if the port is taken, `'DATA_DIR_IN_USE'` if the directory is.
 */
export async function startBroker(options: BrokerOptions): Promise<Broker> {
  const { host = '127.0.0.1', dataDir, log = () => {} } = options
  const listener = await listen(host, options.port)
  try {
    const unlock = await lockDirectory(dataDir)
    const broker = openBroker(options, { nodeId: 1, host, port: listener.port }, log)
    let stopped: Promise<void> | undefined
    listener.accept((socket) => serveConnection(socket, broker.dispatch, log))
    return {
      endpoint: `${host}:${listener.port}`,
      stop() {
        stopped ??= listener.close().then(broker.close).then(unlock)
        return stopped
      },
    }
  } catch (error) {
    await listener.close()
    throw error
  }
}

/** Opens the stores of the data directory and binds the APIs to them. */
function openBroker(options: BrokerOptions, node: BrokerNode, log: (line: string) => void) {
  const { dataDir, defaultPartitions = 1, retentionMs = WEEK_MS } = options
  const cluster = openClusterFile(dataDir)
  const topics = openTopicStore({ dataDir, cluster, retentionMs, segmentBytes: SEGMENT_BYTES, log })
  const offsets = openOffsetStore(join(dataDir, 'offsets.jsonl'))
  const coordinator = createCoordinator({ offsets, sessionTimeoutMs: SESSION_TIMEOUT_MS })
  const { clusterId } = cluster.state
  const nextProducerId = createProducerIds(cluster)
  const routes = createRoutes({
    node,
    clusterId,
    topics,
    offsets,
    coordinator,
    nextProducerId,
    defaultPartitions,
    log,
  })
  const housekeeping = setInterval(() => {
    topics.dropExpired(Date.now())
    coordinator.dropUnused()
  }, HOUSEKEEPING_MS)

  return {
    dispatch: createDispatch(routes),
    close() {
      clearInterval(housekeeping)
      coordinator.close()
      topics.close()
      offsets.close()
    },
  }
}
