import type { TopicPartition } from '#shared/core/streams.ts'
import type { LogReader, RawLog } from '#shared/pipeline/ports.ts'
import type { LogInspector } from '#shared/pipeline/streams/log-inspector.ts'

// In Kafka the topics of a stage may have names of their own, so that stages share a cluster. Inside Tidewire a topic has
// the name that its domain gives it. Each adapter is wrapped in one of these; without a prefix it is returned as it is.

type Named = { readonly topic: string }

/** The names of topics with a prefix. */
export type TopicNames = {
  /** Returns the value with the topic's name in Kafka. */
  inKafka<T extends Named>(value: T): T
  /** Returns the value with the domain's name of its topic. */
  ofDomain<T extends Named>(value: T): T
  /** Whether a topic in Kafka has the prefix. */
  isOurs(value: Named): boolean
}

export function topicNames(prefix: string): TopicNames {
  return {
    inKafka: (value) => ({ ...value, topic: `${prefix}${value.topic}` }),
    ofDomain: (value) => ({ ...value, topic: value.topic.slice(prefix.length) }),
    isOurs: ({ topic }) => topic.startsWith(prefix),
  }
}

/** Returns the log with the domains' names of topics. */
export function prefixedLog(log: RawLog, prefix = ''): RawLog {
  if (prefix === '') return log
  const { inKafka, ofDomain } = topicNames(prefix)
  return { append: async (records) => (await log.append(records.map(inKafka))).map(ofDomain) }
}

/** Returns the reader with the domains' names of topics. */
export function prefixedReader(reader: LogReader, prefix = ''): LogReader {
  if (prefix === '') return reader
  const { inKafka, ofDomain } = topicNames(prefix)
  return {
    held: async (topics) => (await reader.held(topics.map((topic) => `${prefix}${topic}`))).map(ofDomain),
    committed: (group, topic) => reader.committed(group, `${prefix}${topic}`),
    read: (spans, take, signal) =>
      reader.read(spans.map(inKafka), (records) => take(records.map(ofDomain)), signal),
  }
}

/**
 * Returns the inspector with the domains' names of topics. It shows the topics with the prefix alone, and the groups that
 * have to do with one of them: the cluster is others' too.
 */
export function prefixedInspector(inspector: LogInspector, prefix = ''): LogInspector {
  if (prefix === '') return inspector
  const { inKafka, ofDomain, isOurs } = topicNames(prefix)
  const ours = <T extends TopicPartition>(partitions: readonly T[]) => partitions.filter(isOurs).map(ofDomain)
  return {
    async layout() {
      const { brokers, topics } = await inspector.layout()
      const own = topics.filter(({ name }) => name.startsWith(prefix))
      return { brokers, topics: own.map((topic) => ({ ...topic, name: topic.name.slice(prefix.length) })) }
    },
    offsets: (partitions, place) => inspector.offsets(partitions.map(inKafka), place),
    async groups() {
      const groups = (await inspector.groups()).map((group) => ({
        ...group,
        members: group.members.map((member) => ({ ...member, partitions: ours(member.partitions) })),
        committed: ours(group.committed),
      }))
      return groups.filter(
        ({ members, committed }) =>
          committed.length > 0 || members.some(({ partitions }) => partitions.length > 0),
      )
    },
    settings: (topic) => inspector.settings(`${prefix}${topic}`),
    times: (positions) => inspector.times(positions.map(inKafka)),
    async fetch(from, maxBytes) {
      const fetched = await inspector.fetch(inKafka(from), maxBytes)
      return { ...fetched, records: fetched.records.map(ofDomain) }
    },
  }
}
