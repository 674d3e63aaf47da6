import { type ITopicConfig, Kafka, logLevel } from 'kafkajs'
import { readMappings } from './msk-trigger/read-mappings.ts'
import type { Service } from './service.ts'
import { stopIdlePolling } from './stop-idle-polling.ts'

const PARTITIONS = 3

/** Returns the topics that functions are triggered by, with the partitions and the retention of `custom.topics`. */
export function readTopics(service: Service): ITopicConfig[] {
  const topics = readMappings(service).map(({ topic }) => topic)
  const { partitions: numPartitions = PARTITIONS, retentionMs = {} } = service.custom?.topics ?? {}
  return [...new Set(topics)].map((topic) => {
    const kept = retentionMs[topic]
    const configEntries = kept === undefined ? [] : [{ name: 'retention.ms', value: String(kept) }]
    return { topic, numPartitions, configEntries }
  })
}

/** Creates those of the topics that the cluster lacks; those that exist keep their partitions. */
export async function createTopics(topics: ITopicConfig[], brokers: string[]): Promise<void> {
  stopIdlePolling()
  const kafka = new Kafka({
    brokers,
    clientId: 'tidewire-local',
    logLevel: logLevel.NOTHING,
    retry: { retries: 3 },
  })
  const admin = kafka.admin()
  await admin.connect()
  try {
    const known = new Set(await admin.listTopics())
    const missing = topics.filter(({ topic }) => !known.has(topic))
    if (missing.length > 0) await admin.createTopics({ topics: missing, waitForLeaders: true })
  } finally {
    await admin.disconnect()
  }
}
