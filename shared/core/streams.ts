import type { CloudEvent } from './event.ts'

// What Kafka has, as `GET /streams…` returns it.

/** A node of the cluster. */
export type Broker = {
  readonly id: number
  readonly host: string
  readonly port: number
  readonly isController: boolean
}

/** A partition with the ids of its brokers. */
export type PartitionLayout = {
  readonly partition: number
  /** -1 if it has none. */
  readonly leader: number
  readonly replicas: readonly number[]
  readonly inSync: readonly number[]
}

export type TopicPartition = { readonly topic: string; readonly partition: number }

/** A member of a consumer group. `host` is where it connects from. */
export type GroupMember = {
  readonly id: string
  readonly client: string
  readonly host: string
  readonly partitions: readonly TopicPartition[]
}

/** A setting of a topic. Its value is null if it is a secret. */
export type TopicSetting = {
  readonly name: string
  readonly value: string | null
  /** Whether it is the cluster's own, not one of the topic. */
  readonly isDefault: boolean
}

export type PartitionState = PartitionLayout & { readonly earliest: number; readonly latest: number }

export type TopicState = {
  readonly name: string
  readonly partitions: readonly PartitionState[]
  /** How many offsets it has: at most so many records. */
  readonly records: number
  /** Of the last minute, by the times of the records. */
  readonly recordsPerSecond: number
}

/** How far a group is in a partition. All but the end are null where it is assigned and has committed nothing. */
export type GroupOffset = TopicPartition & {
  readonly committed: number | null
  readonly end: number
  readonly lag: number | null
  /** The age of the oldest record that it has not committed, in milliseconds; 0 without a lag, null if it is unknown. */
  readonly lagMs: number | null
}

export type GroupState = {
  readonly name: string
  readonly state: string
  readonly members: readonly GroupMember[]
  /** Of all partitions together. */
  readonly lag: number
  /** The maximum of its partitions; null if it is unknown. */
  readonly lagMs: number | null
  readonly offsets: readonly GroupOffset[]
}

/** What Kafka has: no bytes of any record. */
export type Streams = {
  readonly brokers: readonly Broker[]
  readonly topics: readonly TopicState[]
  readonly groups: readonly GroupState[]
}

export type TopicDescription = TopicState & {
  readonly config: readonly TopicSetting[]
  /** The groups that read it, with their other topics. */
  readonly groups: readonly GroupState[]
}

/** A record as it is shown. All bytes are in base64. */
export type ShownRecord = {
  readonly offset: number
  /** Milliseconds since 1970. */
  readonly timestamp: number
  readonly key: string | null
  /** The value of the signature is not shown: null. */
  readonly headers: readonly { readonly name: string; readonly value: string | null }[]
  /** The bytes of the value. */
  readonly size: number
  /** Cut to 64 KB, or 1 MB if it is asked for alone. */
  readonly value: string | null
  readonly truncated: boolean
  /** What the value and the headers say, if they are a CloudEvent. */
  readonly event: CloudEvent | null
  /** Why the consumers take it for a dead letter, if they do. */
  readonly problem?: string
  /** Whether the time of its event is too far ahead of it: then it moves nothing. */
  readonly ahead?: true
  /** Whether a function of Tidewire wrote it. */
  readonly signature: 'signed' | 'unsigned' | 'forged'
  /** When its data was erased (RFC 3339): then only what is left of its event is shown. */
  readonly erased?: string
}

/** A page of the records of a partition, oldest first. */
export type BrowsedPage = {
  readonly records: readonly ShownRecord[]
  /** The offset to go on from: that of the first record that was not looked at. At the end of the partition it is `latest`. */
  readonly next: number
  /** How many records were looked at, whether they pass the filter or not. */
  readonly scanned: number
  readonly earliest: number
  readonly latest: number
}
