import type { Admin, Kafka, SeekEntry } from 'kafkajs'
import type { Mapping, StartingPosition } from './mapping.ts'

type StartingOffsets = { kafka: Kafka; mapping: Mapping; topicIsNew: boolean }

/**
 * Commits where a consumer group that has no offsets yet begins, for every partition, before it reads anything.
 * Lambda resolves LATEST at its first poll, and again after a crash before the first commit; records that are
 * produced in between are skipped. Here the position is durable as soon as it is known. A partition that
 * appears later, or a topic that was created after the trigger started, is read from its beginning.
 */
export async function commitStartingOffsets({ kafka, mapping, topicIsNew }: StartingOffsets): Promise<void> {
  const { groupId, topic, startingPosition } = mapping
  if (startingPosition.at === 'TRIM_HORIZON') return
  const admin = kafka.admin()
  await admin.connect()
  try {
    const [committed] = await admin.fetchOffsets({ groupId, topics: [topic] })
    if (committed?.partitions.some(({ offset }) => Number(offset) >= 0)) return
    const positions = await resolve(admin, topic, topicIsNew ? { at: 'TRIM_HORIZON' } : startingPosition)
    await commitAsMember(
      kafka,
      groupId,
      positions.map(({ partition, offset }) => ({ topic, partition, offset })),
    )
  } finally {
    await admin.disconnect()
  }
}

async function resolve(admin: Admin, topic: string, position: StartingPosition): Promise<SeekEntry[]> {
  if (position.at === 'AT_TIMESTAMP') return admin.fetchTopicOffsetsByTimestamp(topic, position.timestamp)
  const limits = await admin.fetchTopicOffsets(topic)
  const end = position.at === 'LATEST' ? 'high' : 'low'
  return limits.map((limit) => ({ partition: limit.partition, offset: limit[end] }))
}

type Position = { topic: string; partition: number; offset: string }

// kafkajs' admin.setOffsets does the same but takes five seconds: it waits for a fetch of an idle consumer.
async function commitAsMember(kafka: Kafka, groupId: string, positions: Position[]): Promise<void> {
  const topics = [...new Set(positions.map(({ topic }) => topic))]
  const member = kafka.consumer({ groupId, allowAutoTopicCreation: false, maxWaitTimeInMs: 1 })
  await member.connect()
  try {
    await member.subscribe({ topics, fromBeginning: true })
    await member.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch: async () => {} })
    await member.commitOffsets(positions)
  } finally {
    await member.disconnect()
  }
}
