import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kafka, logLevel } from 'kafkajs'
import type { Broker } from '../../localstack/broker/start-broker.ts'
import { startBrokerWorker } from '../../localstack/broker/start-broker-worker.ts'

/** The cluster of `KAFKA_BROKERS`, or otherwise an embedded broker on a free port with an empty data directory. */
export async function startBrokerUnderTest(): Promise<Broker> {
  const cluster = process.env.KAFKA_BROKERS
  if (cluster) return { endpoint: cluster, stop: async () => {} }
  const dataDir = await mkdtemp(join(tmpdir(), 'tidewire-clients-'))
  const broker = await startBrokerWorker({ port: 0, dataDir })
  return {
    endpoint: broker.endpoint,
    async stop() {
      await broker.stop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

/** A name that no earlier run on the same cluster has used. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${randomUUID().slice(0, 8)}`
}

/** Creates a topic with one partition, for clients that have no command for it; returns its name. */
export async function createTopicFor(client: string, { endpoint }: Broker): Promise<string> {
  const topic = uniqueName(client)
  const admin = new Kafka({ brokers: endpoint.split(','), logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true })
  await admin.disconnect()
  return topic
}
