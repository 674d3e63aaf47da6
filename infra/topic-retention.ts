import { storedFor } from '#shared/core/retention.ts'
import type { Deployment } from './deployment.ts'

/**
 * The minimum `retention.ms` of each topic by its name in Kafka, with the prefix: what the log promises, and its grace. The
 * functions keep a copy of every event for that long; Kafka is what views are rebuilt from, so it must not forget first.
 */
export function topicRetention({
  retention,
  topics,
  topicPrefix,
}: Deployment): Readonly<Record<string, number>> {
  const entries = topics.map((topic) => [
    `${topicPrefix}${topic}`,
    storedFor(retention.ofTopic(topic)) * 1000,
  ])
  return Object.fromEntries(entries)
}
