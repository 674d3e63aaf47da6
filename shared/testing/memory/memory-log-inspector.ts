import { Buffer } from 'node:buffer'
import { Refusal } from '#shared/core/refusal.ts'
import type { TopicPartition } from '#shared/core/streams.ts'
import type { KafkaRecord } from '#shared/pipeline/ports.ts'
import type { ConsumerGroup, LogInspector } from '#shared/pipeline/streams/log-inspector.ts'

type NewRecord = {
  readonly key?: string
  readonly value: string | Uint8Array | null
  readonly headers?: Readonly<Record<string, string>>
  /** Milliseconds since 1970; 0 by default. */
  readonly timestamp?: number
}

/** A LogInspector on topics in memory, for tests. */
export type MemoryLogInspector = LogInspector & {
  /** Creates a topic, or adds partitions. */
  create(topic: string, partitions?: number): void
  /** Returns the offset of the record. */
  append(partition: TopicPartition, record: NewRecord): number
  /** Removes the records below an offset. */
  trim(partition: TopicPartition, earliest: number): void
  /** Adds a group, or replaces it. */
  setGroup(group: ConsumerGroup): void
  /** From then on Kafka does not respond, or does so again. */
  setAway(isAway: boolean): void
  /** How many requests there were. */
  readonly asked: () => number
}

type Partition = { earliest: number; readonly records: KafkaRecord[] }

export function memoryLogInspector(): MemoryLogInspector {
  const topics = new Map<string, Partition[]>()
  const groups = new Map<string, ConsumerGroup>()
  let isAway = false
  let asked = 0
  const ask = () => {
    asked++
    if (isAway) throw new Refusal('unavailable', 'Kafka does not respond.', { retryAfterSeconds: 5 })
  }
  const find = ({ topic, partition }: TopicPartition): Partition => {
    const partitions = topics.get(topic)
    if (partitions === undefined) throw new Refusal('not_found', `Kafka has no topic "${topic}".`)
    const found = partitions[partition]
    if (found) return found
    throw new Refusal('not_found', `The topic "${topic}" has no partition ${partition}.`)
  }
  const firstAt = ({ earliest, records }: Partition, offset: number) =>
    records.find((record) => record.offset >= Math.max(offset, earliest))
  return {
    create(topic, partitions = 1) {
      topics.set(
        topic,
        Array.from({ length: partitions }, () => ({ earliest: 0, records: [] })),
      )
    },
    append({ topic, partition }, { key, value, headers = {}, timestamp = 0 }) {
      const { records } = find({ topic, partition })
      const offset = records.length
      records.push({
        topic,
        partition,
        offset,
        timestamp,
        key: key === undefined ? null : Buffer.from(key),
        value: value === null ? null : Buffer.from(value),
        headers: Object.entries(headers).map(([name, text]) => ({ name, value: Buffer.from(text) })),
      })
      return offset
    },
    trim(partition, earliest) {
      find(partition).earliest = earliest
    },
    setGroup: (group) => void groups.set(group.name, group),
    setAway(away) {
      isAway = away
    },
    asked: () => asked,

    async layout() {
      ask()
      return {
        brokers: [{ id: 1, host: 'localhost', port: 9092, isController: true }],
        topics: [...topics]
          .map(([name, partitions]) => ({
            name,
            partitions: partitions.map((_, partition) => ({
              partition,
              leader: 1,
              replicas: [1],
              inSync: [1],
            })),
          }))
          .sort((left, right) => (left.name < right.name ? -1 : 1)),
      }
    },
    async offsets(partitions, place) {
      ask()
      return partitions.map((one) => {
        const partition = find(one)
        if (place === 'earliest') return partition.earliest
        const { records } = partition
        if (place === 'latest') return records.length
        const first = records.find(
          ({ offset, timestamp }) => offset >= partition.earliest && timestamp >= place.time,
        )
        return first?.offset ?? records.length
      })
    },
    async groups() {
      ask()
      return [...groups.values()].sort((left, right) => (left.name < right.name ? -1 : 1))
    },
    async settings(topic) {
      ask()
      find({ topic, partition: 0 })
      return [{ name: 'retention.ms', value: '604800000', isDefault: true }]
    },
    async times(positions) {
      ask()
      return positions.map((position) => firstAt(find(position), position.offset)?.timestamp ?? null)
    },
    async fetch(from, maxBytes) {
      ask()
      const partition = find(from)
      const records: KafkaRecord[] = []
      let bytes = 0
      for (const record of partition.records.slice(Math.max(from.offset, partition.earliest))) {
        bytes += record.value?.length ?? 0
        if (records.length > 0 && bytes > maxBytes) break
        records.push(record)
      }
      return {
        records,
        next: (records.at(-1)?.offset ?? from.offset - 1) + 1,
        latest: partition.records.length,
      }
    },
  }
}
