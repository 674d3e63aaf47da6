import { type ITopicConfig, Kafka, logLevel } from 'kafkajs'
import { readMappings } from './msk-trigger/read-mappings.ts'
import type { Service } from './service.ts'
import { stopIdlePolling } from './stop-idle-polling.ts'

const PARTITIONS = 3

/** Returns the topics that functions are triggered by, with the partitions and the retention of `custom.topics`. */
export function readTopics(service: Service): ITopicConfig[] {
  const topics = readMappings(service).map(({ topic }) => topic)
  const numPartitions = service.custom?.topics?.partitions ?? PARTITIONS
  const retentionMs = retentionOf(service)
  return [...new Set(topics)].map((topic) => {
    const kept = retentionMs[topic]
    const configEntries = kept === undefined ? [] : [{ name: 'retention.ms', value: String(kept) }]
    return { topic, numPartitions, configEntries }
  })
}

/**
 * Returns the minimum `retention.ms` of each topic by its name in Kafka. `custom.topics` has the names without
 * `TOPIC_PREFIX`, and the triggers have them with it.
 */
export function retentionOf({ custom, provider }: Service): Readonly<Record<string, number>> {
  const prefix = String(provider.environment?.TOPIC_PREFIX ?? '')
  const entries = Object.entries(custom?.topics?.retentionMs ?? {})
  return Object.fromEntries(entries.map(([topic, ms]) => [`${prefix}${topic}`, ms]))
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
