import type { Service } from './service.ts'

const PARTITIONS = 3

/** The topics that functions are triggered by, with `custom.topics.partitions` partitions each. */
export function readTopics(service: Service): { topic: string; numPartitions: number }[] {
  const events = Object.values(service.functions ?? {}).flatMap(({ events }) => events ?? [])
  const topics = events.flatMap((event) => {
    const source = (event.msk ?? event.kafka) as { topic?: unknown } | undefined
    return typeof source?.topic === 'string' ? [source.topic] : []
  })
  const numPartitions = service.custom?.topics?.partitions ?? PARTITIONS
  return [...new Set(topics)].map((topic) => ({ topic, numPartitions }))
}
