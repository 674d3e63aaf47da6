import { join, resolve } from 'node:path'
import { systemClock } from '../clock.ts'
import { calmLog } from '../trouble/calm-log.ts'
import { watchWrites } from '../trouble/watch-writes.ts'
import { brokerConfigs } from './apis/broker-configs.ts'
import type { BrokerNode } from './apis/cluster.ts'
import { createDispatch } from './apis/dispatch.ts'
import { createCoordinator } from './groups/coordinator.ts'
import { listen, serveConnection } from './server.ts'
import { createProducerIds, openClusterFile } from './storage/cluster-file.ts'
import { lockDirectory } from './storage/lock-directory.ts'
import { openOffsetStore } from './storage/offset-store.ts'
import { openTopicStore } from './storage/topic-store.ts'

export type BrokerOptions = {
  /** 0 takes any free port. */
  port: number
  /** The address that the broker listens on and reports to its clients; default 127.0.0.1. */
  host?: string
  /** Created if missing. Only one broker at a time may use it. */
  dataDir: string
  /** Partitions of a topic that is created without a number of them; default 1. */
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
const SEGMENT_BYTES = 64 * 1024 * 1024
/** A small part of the shortest retention that is of use, which disk is freed after. */
const HOUSEKEEPING_MS = 5_000
/** Kafka's `group.min.session.timeout.ms` and `group.max.session.timeout.ms`. */
const SESSION_TIMEOUT_MS = { min: 6_000, max: 1_800_000 }

/**
 * Starts the Kafka broker for development: one node that stores its data in `dataDir` and listens on `host:port`.
 * Rejects with `code: 'EADDRINUSE'` if the port is in use, `'DATA_DIR_IN_USE'` if the directory is, and `'DATA_DAMAGED'`
 * if a file of it is not as the broker has written it.
 */
export async function startBroker(options: BrokerOptions): Promise<Broker> {
  const { host = '127.0.0.1', dataDir } = options
  const log = calmLog((line) => options.log?.(`Kafka: ${line}`), systemClock.elapsed)
  const listener = await listen(host, options.port)
  let unlock = async (): Promise<void> => {}
  try {
    unlock = await lockDirectory(dataDir)
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
    await unlock()
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
  const disk = watchWrites({
    folder: dataDir,
    consequence: 'records are refused until it can; what was acknowledged is kept',
    log,
  })
  const dispatch = createDispatch({
    node,
    clusterId,
    topics,
    offsets,
    coordinator,
    nextProducerId,
    defaultPartitions,
    configs: brokerConfigs({
      node,
      dataDir: resolve(dataDir),
      defaultPartitions,
      retentionMs,
      segmentBytes: SEGMENT_BYTES,
      housekeepingMs: HOUSEKEEPING_MS,
      sessionTimeoutMs: SESSION_TIMEOUT_MS,
    }),
    dataDir: resolve(dataDir),
    disk,
    log,
  })
  const keepHouse = (): void => {
    try {
      topics.dropExpired()
      offsets.expire((group) => coordinator.hasMembers(group))
      coordinator.dropUnused()
    } catch (error) {
      // It is done again soon. A disk that is full now must not end the broker.
      disk.failed(error)
    }
  }
  const housekeeping = setInterval(keepHouse, HOUSEKEEPING_MS)

  return {
    dispatch,
    close() {
      clearInterval(housekeeping)
      coordinator.close()
      topics.close()
      offsets.close()
    },
  }
}
