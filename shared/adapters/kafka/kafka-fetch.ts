import { Buffer } from 'node:buffer'
import type Cluster from 'kafkajs/src/cluster/index.js'
import type { WireDecoder } from 'kafkajs/src/protocol/decoder.js'
import Decoder from 'kafkajs/src/protocol/decoder.js'
import fetchRequest from 'kafkajs/src/protocol/requests/fetch/v11/request.js'
import fetchResponse from 'kafkajs/src/protocol/requests/fetch/v11/response.js'
import { Refusal } from '#shared/core/refusal.ts'
import type { TopicPartition } from '#shared/core/streams.ts'
import type { KafkaRecord } from '#shared/pipeline/ports.ts'
import type { ClusterLayout, Fetched, PartitionOffset } from '#shared/pipeline/streams/log-inspector.ts'
import { type LogRecord, readRecords } from './records/read-records.ts'

/** What consumers see: neither the records of open transactions nor those of aborted ones. */
export const COMMITTED = { replicaId: -1, isolationLevel: 1 } as const
/** The connection gets so much longer than the broker may wait, in milliseconds. */
const PATIENCE_MS = 5000
/** A broker that holds back responses, because of a quota, gives none at first. */
const FETCH_TRIES = 3

/** What a partition gave: batches as they are in Kafka. */
type Batches = {
  readonly topic: string
  readonly partition: number
  /** Where the open transactions begin, otherwise the end of the partition. */
  readonly lastStableOffset: number
  readonly highWatermark: number
  readonly aborted: readonly { readonly producerId: number; readonly firstOffset: number }[]
  readonly bytes: Buffer
}

type FetchLimits = {
  readonly each: number
  readonly all: number
  /** How long the broker waits for the first record, in milliseconds; by default it does not. */
  readonly waitMs?: number
}

/**
 * Returns what follows an offset, at most about `maxBytes` and at least one batch if there is one. What cannot be
 * decompressed is a record with the reason in a header (records/read-records.ts). Throws Refusal `not_found` for a
 * partition that is not there, and what kafkajs throws.
 */
export async function fetchFrom(
  cluster: Cluster,
  from: PartitionOffset,
  { maxBytes, waitMs = 0 }: { readonly maxBytes: number; readonly waitMs?: number },
): Promise<Fetched> {
  const { offset } = from
  for (let tries = 1; ; tries++) {
    const [given] = await fetchBatches(cluster, [from], { each: maxBytes, all: maxBytes, waitMs })
    if (given === undefined) throw new Error('Kafka returned no partition')
    const latest = Math.min(given.lastStableOffset, given.highWatermark)
    const { records, next } = readRecords(given.bytes, offset, given.aborted)
    if (next > offset) return { records: records.map((record) => toKafkaRecord(from, record)), next, latest }
    if (offset >= latest) return { records: [], next: offset, latest }
    // What is left up to the end may be batches that compaction has emptied.
    if (tries === FETCH_TRIES) return { records: [], next: latest, latest }
  }
}

/** Returns the first record at or above each offset, in input order; undefined for what has none, or did not fit. */
export async function fetchFirst(
  cluster: Cluster,
  positions: readonly PartitionOffset[],
  limits: FetchLimits,
): Promise<(KafkaRecord | undefined)[]> {
  const given = await fetchBatches(cluster, positions, limits)
  return positions.map((position, index) => {
    const one = given[index]
    const [first] = one ? readRecords(one.bytes, position.offset, one.aborted).records : []
    return first && toKafkaRecord(position, first)
  })
}

/** Headers without a value are left out, as the decoder of Lambda's events does: Lambda does not pass their names on. */
function toKafkaRecord({ topic, partition }: TopicPartition, record: LogRecord): KafkaRecord {
  const { offset, timestamp, key, value } = record
  const headers = record.headers.flatMap(([name, bytes]) => (bytes ? [{ name, value: bytes }] : []))
  return { topic, partition, offset, timestamp, key, value, headers }
}

/** Returns what each position gives, in their order; undefined for what did not fit. */
async function fetchBatches(
  cluster: Cluster,
  positions: readonly PartitionOffset[],
  { each, all, waitMs = 0 }: FetchLimits,
): Promise<(Batches | undefined)[]> {
  const groups = [...(await byLeader(cluster, positions))]
  const responses = await Promise.all(
    groups.map(async ([nodeId, own]) => {
      const { connectionPool } = await cluster.findBroker({ nodeId })
      const topics = [...Map.groupBy(own, ({ topic }) => topic)].map(([topic, some]) => ({
        topic,
        partitions: some.map(({ partition, offset }) => ({
          partition,
          fetchOffset: String(offset),
          maxBytes: each,
        })),
      }))
      const minBytes = waitMs > 0 ? 1 : 0
      const request = fetchRequest({ ...COMMITTED, maxWaitTime: waitMs, minBytes, maxBytes: all, topics })
      const response = { decode, parse: fetchResponse.parse }
      return connectionPool.send({ request, response, requestTimeout: waitMs + PATIENCE_MS })
    }),
  )
  const found = new Map(
    responses
      .flatMap(({ responses: own }) => own.flatMap(({ partitions }) => partitions))
      .map((one) => [`${one.topic}-${one.partition}`, one] as const),
  )
  return positions.map(({ topic, partition }) => found.get(`${topic}-${partition}`))
}

// Fetch Response (Version: 11) => throttle_time_ms INT32 · error_code INT16 · session_id INT32 · [topic]
//   topic               => name STRING · [partition]
//   partition           => index INT32 · error_code INT16 · high_watermark INT64 · last_stable_offset INT64
//                          log_start_offset INT64 · [aborted_transaction] · preferred_read_replica INT32 · records BYTES
//   aborted_transaction => producer_id INT64 · first_offset INT64
// kafkajs decodes the records too, but loses headers that are named like members of objects, and whole responses with one
// batch that it cannot read.
async function decode(bytes: Buffer) {
  const decoder = new Decoder(bytes)
  decoder.readInt32()
  const errorCode = decoder.readInt16()
  decoder.readInt32()
  const responses = decoder.readArray((ofTopic) => {
    const topic = ofTopic.readString()
    return { topicName: topic, partitions: ofTopic.readArray((one) => decodePartition(topic, one)) }
  })
  return { throttleTime: 0, errorCode, responses }
}

function decodePartition(topic: string, decoder: WireDecoder): Batches & { readonly errorCode: number } {
  const int64 = () => Number(decoder.readInt64().toString())
  const partition = decoder.readInt32()
  const errorCode = decoder.readInt16()
  const highWatermark = int64()
  const lastStableOffset = int64()
  int64()
  const aborted = decoder.readArray(() => ({ producerId: int64(), firstOffset: int64() }))
  decoder.readInt32()
  const bytes = decoder.readBytes() ?? Buffer.alloc(0)
  return { topic, partition, errorCode, highWatermark, lastStableOffset, aborted, bytes }
}

/** Returns the brokers, topics and partitions that a cluster has, as it last said. */
export function layoutOf({ brokerPool: { metadata } }: Cluster): ClusterLayout {
  if (metadata === null) throw new Error('Kafka gave no metadata')
  const { brokers, controllerId, topicMetadata } = metadata
  return {
    brokers: brokers
      .map(({ nodeId, host, port }) => ({ id: nodeId, host, port, isController: nodeId === controllerId }))
      .sort((left, right) => left.id - right.id),
    topics: topicMetadata
      .map(({ topic, partitionMetadata }) => ({
        name: topic,
        partitions: partitionMetadata
          .map(({ partitionId, leader, replicas, isr }) => ({
            partition: partitionId,
            leader,
            replicas,
            inSync: isr,
          }))
          .sort((left, right) => left.partition - right.partition),
      }))
      .sort((left, right) => (left.name < right.name ? -1 : 1)),
  }
}

/** Throws Refusal `not_found` if Kafka has no such topic, even after it was asked again. */
export async function partitionsOf(cluster: Cluster, topic: string): Promise<ReadonlyMap<number, number>> {
  const find = () => layoutOf(cluster).topics.find(({ name }) => name === topic)
  if (find() === undefined) await cluster.refreshMetadata()
  const found = find()
  if (found === undefined) throw new Refusal('not_found', `Kafka has no topic "${topic}".`)
  return new Map(found.partitions.map(({ partition, leader }) => [partition, leader]))
}

/** Returns the positions by the broker that leads their partitions. Throws Refusal `not_found` for what is not there. */
export async function byLeader<P extends TopicPartition>(
  cluster: Cluster,
  positions: readonly P[],
): Promise<ReadonlyMap<number, readonly P[]>> {
  const topics = [...new Set(positions.map(({ topic }) => topic))]
  const leaders = new Map<string, ReadonlyMap<number, number>>()
  for (const topic of topics) leaders.set(topic, await partitionsOf(cluster, topic))
  return Map.groupBy(positions, ({ topic, partition }) => {
    const leader = leaders.get(topic)?.get(partition)
    if (leader !== undefined) return leader
    throw new Refusal('not_found', `The topic "${topic}" has no partition ${partition}.`)
  })
}
