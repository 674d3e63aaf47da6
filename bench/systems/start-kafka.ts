import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Kafka, logLevel } from 'kafkajs'
import { startApacheKafka } from '../../localstack/java/start-apache-kafka.ts'
import { treeCpuSeconds } from '../measure/processes.ts'
import { readyWith, startProgram } from './start-program.ts'

export type KafkaCluster = {
  /** `host:port` */
  readonly endpoint: string
  /** CPU seconds so far; NaN if the process is not known. */
  cpuSeconds(): Promise<number>
  createTopic(topic: string, partitions: number): Promise<void>
  stop(): Promise<void>
}

/** Starts the embedded broker in a process of its own, or Apache Kafka, with an empty log. */
export async function startKafka({ isApache = false } = {}): Promise<KafkaCluster> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tidewire-bench-kafka-'))
  const cluster = await (isApache ? startApache(dataDir) : startEmbedded(dataDir))
  return {
    ...cluster,
    async createTopic(topic, numPartitions) {
      const admin = new Kafka({ brokers: [cluster.endpoint], logLevel: logLevel.NOTHING }).admin()
      await admin.connect()
      await admin.createTopics({ topics: [{ topic, numPartitions }], waitForLeaders: true })
      await admin.disconnect()
    },
    async stop() {
      await cluster.stop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

async function startEmbedded(dataDir: string) {
  const file = fileURLToPath(new URL('./broker-process.ts', import.meta.url))
  const program = await startProgram<{ endpoint: string }>({
    command: process.execPath,
    args: [file, dataDir],
    isReady: readyWith,
  })
  return {
    endpoint: program.ready.endpoint,
    cpuSeconds: () => treeCpuSeconds(program.pid),
    stop: program.stop,
  }
}

async function startApache(dataDir: string) {
  const { endpoint, stop } = await startApacheKafka({ dataDir })
  return { endpoint, cpuSeconds: async () => Number.NaN, stop }
}
