import { type Admin, Kafka, logLevel } from 'kafkajs'
import { readMappings } from '../msk-trigger/read-mappings.ts'
import type { Service } from '../service.ts'
import type { Sample } from './metrics-registry.ts'

/** The ends of the partitions, and how far each consumer group is behind them. */
export type KafkaFigures = { readonly ends: readonly Sample[]; readonly lags: readonly Sample[] }

/** Reads the figures of the topics and groups of a service's triggers. Throws if Kafka does not answer. */
export async function readKafkaFigures(service: Service, brokers: readonly string[]): Promise<KafkaFigures> {
  const kafka = new Kafka({
    brokers: [...brokers],
    clientId: 'tidewire-metrics',
    logLevel: logLevel.NOTHING,
    retry: { retries: 1 },
  })
  const admin = kafka.admin()
  await admin.connect()
  try {
    const mappings = readMappings(service)
    const ends = await readEnds([...new Set(mappings.map(({ topic }) => topic))], admin)
    const lags = await Promise.all(
      mappings.map(({ groupId, topic }) => readLags(groupId, topic, ends, admin)),
    )
    return { ends: [...ends.values()].flat(), lags: lags.flat() }
  } finally {
    await admin.disconnect()
  }
}

async function readEnds(topics: readonly string[], admin: Admin): Promise<ReadonlyMap<string, Sample[]>> {
  const read = async (topic: string): Promise<[string, Sample[]]> => {
    const offsets = await admin.fetchTopicOffsets(topic)
    return [
      topic,
      offsets.map(({ partition, high }) => ({
        labels: { topic, partition: String(partition) },
        value: Number(high),
      })),
    ]
  }
  return new Map(await Promise.all(topics.map(read)))
}

async function readLags(
  group: string,
  topic: string,
  ends: ReadonlyMap<string, readonly Sample[]>,
  admin: Admin,
): Promise<Sample[]> {
  const [found] = await admin.fetchOffsets({ groupId: group, topics: [topic] })
  const committed = new Map(
    found?.partitions.map(({ partition, offset }) => [String(partition), Number(offset)]),
  )
  return (ends.get(topic) ?? []).map(({ labels, value }) => ({
    labels: { group, ...labels },
    value: Math.max(0, value - Math.max(0, committed.get(labels.partition ?? '') ?? 0)),
  }))
}
