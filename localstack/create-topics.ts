import { Kafka, logLevel } from 'kafkajs'
import { readTopics } from './read-topics.ts'
import type { Service } from './service.ts'

/** Creates the topics that `serverless.yml` names and the cluster lacks. */
export async function createTopics(service: Service, brokers: string[]): Promise<void> {
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
    const missing = readTopics(service).filter(({ topic }) => !known.has(topic))
    if (missing.length > 0) await admin.createTopics({ topics: missing, waitForLeaders: true })
  } finally {
    await admin.disconnect()
  }
}
