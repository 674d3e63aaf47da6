import type {
  Broker,
  GroupMember,
  PartitionLayout,
  TopicPartition,
  TopicSetting,
} from '#shared/core/streams.ts'
import type { KafkaRecord } from '#shared/pipeline/ports.ts'

export type TopicLayout = { readonly name: string; readonly partitions: readonly PartitionLayout[] }

/** The brokers by id; topics by name and partitions by number. */
export type ClusterLayout = { readonly brokers: readonly Broker[]; readonly topics: readonly TopicLayout[] }

export type PartitionOffset = TopicPartition & { readonly offset: number }

/** A consumer group: its state as Kafka names it, such as `Stable`, `Empty` or `PreparingRebalance`. */
export type ConsumerGroup = {
  readonly name: string
  readonly state: string
  readonly members: readonly GroupMember[]
  /** The offset at which it goes on, where it has committed one. */
  readonly committed: readonly PartitionOffset[]
}

/** Where in a partition: its beginning, its end, or the first record that is not older than a time (ms since 1970). */
export type Place = 'earliest' | 'latest' | { readonly time: number }

/** What a partition gave at once. */
export type Fetched = {
  /** Without markers of transactions and records of aborted ones: perhaps empty before the end. */
  readonly records: readonly KafkaRecord[]
  /** The offset to go on from; the one that was asked for if there is nothing at or above it. */
  readonly next: number
  /** The end of the partition. */
  readonly latest: number
}

/**
 * Looks at a Kafka cluster without being part of it: it joins no group, commits nothing and creates nothing. Every
 * method throws Refusal `unavailable` if Kafka does not respond in time, and `not_found` if there is no such topic.
 */
export type LogInspector = {
  layout(): Promise<ClusterLayout>
  /** Returns the offset at a place of each partition, in input order; the end of a partition without a record that late. */
  offsets(partitions: readonly TopicPartition[], place: Place): Promise<number[]>
  /** Returns every consumer group, by name. */
  groups(): Promise<ConsumerGroup[]>
  /** Returns the settings of a topic, by name. */
  settings(topic: string): Promise<TopicSetting[]>
  /**
   * Returns the time of the first record at or above each position, in input order (ms since 1970); null where there is
   * none, or it cannot be read.
   */
  times(positions: readonly PartitionOffset[]): Promise<(number | null)[]>
  /**
   * Returns what follows an offset, at most about `maxBytes` and at least one record if there is one. A batch that cannot
   * be decompressed is one record with its bytes, and the reason in the header `tidewire-unreadable`.
   */
  fetch(from: PartitionOffset, maxBytes: number): Promise<Fetched>
}
