import { Buffer } from 'node:buffer'
import { zstdDecompressSync } from 'node:zlib'
import { AssignerProtocol } from 'kafkajs'
import type Cluster from 'kafkajs/src/cluster/index.js'
import Batch, { type PartitionData } from 'kafkajs/src/consumer/batch.js'
import { Codecs, Types } from 'kafkajs/src/protocol/message/compression/index.js'
import { Refusal } from '#shared/core/refusal.ts'
import type { GroupMember, TopicPartition, TopicSetting } from '#shared/core/streams.ts'
import type { KafkaRecord } from '#shared/pipeline/ports.ts'
import type {
  ClusterLayout,
  ConsumerGroup,
  Fetched,
  LogInspector,
  PartitionOffset,
  Place,
} from '#shared/pipeline/streams/log-inspector.ts'
import type { KafkaAccess } from './kafka-access.ts'
import { type KafkaSession, kafkaSession } from './kafka-session.ts'
import { prefixedInspector } from './prefixed-topics.ts'

/** What consumers see: neither the records of open transactions nor those of aborted ones. */
const COMMITTED = { replicaId: -1, isolationLevel: 1 } as const
/** The type of a topic among the resources that have settings. */
const TOPIC = 2
const TIMES = { latest: '-1', earliest: '-2' } as const
/** How many bytes are fetched of a partition to learn the time of one record. */
const TIME_BYTES = 64 * 1024
/** The times of so many positions are kept: they do not change. */
const MOST_TIMES = 10_000
/** A broker that holds back responses, because of a quota, gives none at first. */
const FETCH_TRIES = 3

/** The LogInspector on Kafka. It keeps its connections, and asks each broker only for what that one has. */
export function kafkaLogInspector(
  access: KafkaAccess,
  session: KafkaSession = kafkaSession(access),
): LogInspector {
  readAlsoZstd()
  const { ask } = session
  const known = new Map<string, number>()

  const offsets = (partitions: readonly TopicPartition[], place: Place) =>
    ask(async (cluster) => {
      const time = typeof place === 'string' ? TIMES[place] : String(Math.max(0, Math.floor(place.time)))
      const found = await listOffsets(cluster, partitions, time)
      if (!found.some((offset) => offset < 0)) return found
      const ends = await listOffsets(cluster, partitions, TIMES.latest)
      return found.map((offset, index) => (offset < 0 ? (ends[index] ?? 0) : offset))
    })

  const inspector: LogInspector = {
    offsets,
    layout: () =>
      ask(async (cluster) => {
        await cluster.refreshMetadata()
        return layoutOf(cluster)
      }),
    groups: () =>
      ask(async (cluster) => {
        const listed = cluster.getNodeIds().map((nodeId) => groupsOf(cluster, nodeId))
        return (await Promise.all(listed)).flat().sort(byName)
      }),
    settings: (topic) =>
      ask(async (cluster) => {
        await partitionsOf(cluster, topic)
        const [nodeId = ''] = cluster.getNodeIds()
        const broker = await cluster.findBroker({ nodeId })
        const resource = { type: TOPIC, name: topic }
        const { resources } = await broker.describeConfigs({ resources: [resource] })
        return (resources[0]?.configEntries ?? []).map(toSetting).sort(byName)
      }),
    async times(positions) {
      const missing = positions.filter((position) => !known.has(nameOf(position)))
      if (missing.length > 0) {
        const found = await ask((cluster) => timesOf(cluster, missing))
        if (known.size + found.size > MOST_TIMES) known.clear()
        for (const [name, time] of found) known.set(name, time)
      }
      return positions.map((position) => known.get(nameOf(position)) ?? null)
    },
    fetch: (from, maxBytes) => ask((cluster) => fetchFrom(cluster, from, maxBytes)),
  }
  return prefixedInspector(inspector, access.topicPrefix)
}

function nameOf({ topic, partition, offset }: PartitionOffset): string {
  return `${topic}-${partition}@${offset}`
}

function byName(left: { readonly name: string }, right: { readonly name: string }): number {
  return left.name < right.name ? -1 : 1
}

function layoutOf({ brokerPool: { metadata } }: Cluster): ClusterLayout {
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
      .sort(byName),
  }
}

/** Throws Refusal `not_found` if Kafka has no such topic, even after it was asked again. */
async function partitionsOf(cluster: Cluster, topic: string): Promise<ReadonlyMap<number, number>> {
  const find = () => layoutOf(cluster).topics.find(({ name }) => name === topic)
  if (find() === undefined) await cluster.refreshMetadata()
  const found = find()
  if (found === undefined) throw new Refusal('not_found', `Kafka has no topic "${topic}".`)
  return new Map(found.partitions.map(({ partition, leader }) => [partition, leader]))
}

/** Returns the positions by the broker that leads their partitions. */
async function byLeader<P extends TopicPartition>(
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

async function listOffsets(
  cluster: Cluster,
  partitions: readonly TopicPartition[],
  timestamp: string,
): Promise<number[]> {
  const groups = [...(await byLeader(cluster, partitions))]
  const responses = await Promise.all(
    groups.map(async ([nodeId, own]) => {
      const broker = await cluster.findBroker({ nodeId })
      const topics = [...Map.groupBy(own, ({ topic }) => topic)].map(([topic, some]) => ({
        topic,
        partitions: some.map(({ partition }) => ({ partition, timestamp })),
      }))
      return (await broker.listOffsets({ ...COMMITTED, topics })).responses
    }),
  )
  const found = new Map(
    responses
      .flat()
      .flatMap(({ topic, partitions: own }) =>
        own.map(({ partition, offset }) => [`${topic}-${partition}`, Number(offset)] as const),
      ),
  )
  return partitions.map(({ topic, partition }) => found.get(`${topic}-${partition}`) ?? -1)
}

/** The groups that a broker coordinates: it lists no others. */
async function groupsOf(cluster: Cluster, nodeId: string): Promise<ConsumerGroup[]> {
  const broker = await cluster.findBroker({ nodeId })
  const { groups: listed } = await broker.listGroups()
  if (listed.length === 0) return []
  const [{ groups }, ...committed] = await Promise.all([
    broker.describeGroups({ groupIds: listed.map(({ groupId }) => groupId) }),
    ...listed.map(({ groupId }) => broker.offsetFetch({ groupId, topics: [] })),
  ])
  const offsets = new Map(listed.map(({ groupId }, index) => [groupId, committed[index]?.responses ?? []]))
  return groups.map(({ groupId, state, members }) => ({
    name: groupId,
    state,
    members: members.map((member): GroupMember => {
      const { memberId, clientId, clientHost, memberAssignment } = member
      const host = clientHost.replace(/^\//, '')
      return { id: memberId, client: clientId, host, partitions: assignedTo(memberAssignment) }
    }),
    committed: (offsets.get(groupId) ?? []).flatMap(({ topic, partitions }) =>
      partitions
        .map(({ partition, offset }) => ({ topic, partition, offset: Number(offset) }))
        .filter(({ offset }) => offset >= 0),
    ),
  }))
}

/** Groups that are no consumers, such as those of Kafka Connect, have assignments of their own form. */
function assignedTo(assignment: Buffer): TopicPartition[] {
  try {
    const decoded = AssignerProtocol.MemberAssignment.decode(assignment)
    return Object.entries(decoded?.assignment ?? {}).flatMap(([topic, partitions]) =>
      partitions.map((partition) => ({ topic, partition })),
    )
  } catch {
    return []
  }
}

/** The source of a setting that the topic has itself. */
const OF_TOPIC = 1

function toSetting(entry: {
  readonly configName: string
  readonly configValue: string | null
  readonly isDefault: boolean
  readonly configSource?: number
  readonly isSensitive: boolean
}): TopicSetting {
  const { configName, configValue, isDefault, configSource, isSensitive } = entry
  return {
    name: configName,
    value: isSensitive ? null : configValue,
    isDefault: configSource === undefined ? isDefault : configSource !== OF_TOPIC,
  }
}

async function fetchFrom(cluster: Cluster, from: PartitionOffset, maxBytes: number): Promise<Fetched> {
  const { offset } = from
  for (let tries = 1; ; tries++) {
    const [data] = await fetchAll(cluster, [from], { each: maxBytes, all: maxBytes })
    if (data === undefined) throw new Error('Kafka returned no partition')
    const batch = new Batch(from.topic, String(offset), data)
    const latest = Math.min(Number(data.lastStableOffset), Number(data.highWatermark))
    const last = batch.rawMessages.at(-1)
    const records = batch.messages.map((message) => toRecord(from, message))
    if (last !== undefined) return { records, next: Math.max(offset, Number(last.offset) + 1), latest }
    if (offset >= latest) return { records, next: offset, latest }
    // What is left up to the end may be batches that compaction has emptied.
    if (tries === FETCH_TRIES) return { records, next: latest, latest }
  }
}

/** Returns what each position gives, in their order; undefined for what did not fit. */
async function fetchAll(
  cluster: Cluster,
  positions: readonly PartitionOffset[],
  bytes: { readonly each: number; readonly all: number },
): Promise<(PartitionData | undefined)[]> {
  const groups = [...(await byLeader(cluster, positions))]
  const responses = await Promise.all(
    groups.map(async ([nodeId, own]) => {
      const broker = await cluster.findBroker({ nodeId })
      const topics = [...Map.groupBy(own, ({ topic }) => topic)].map(([topic, some]) => ({
        topic,
        partitions: some.map(({ partition, offset }) => ({
          partition,
          fetchOffset: String(offset),
          maxBytes: bytes.each,
        })),
      }))
      const request = { ...COMMITTED, maxWaitTime: 0, minBytes: 0, maxBytes: bytes.all, topics }
      return (await broker.fetch(request).catch(refuseFetch)).responses
    }),
  )
  const found = new Map(
    responses
      .flat()
      .flatMap(({ topicName, partitions }) =>
        partitions.map((data) => [`${topicName}-${data.partition}`, data] as const),
      ),
  )
  return positions.map(({ topic, partition }) => found.get(`${topic}-${partition}`))
}

function refuseFetch(error: unknown): never {
  if (error instanceof Error && error.name === 'KafkaJSNotImplemented') {
    const [codec = 'a codec'] = error.message.split(' ')
    const detail = `Records here are compressed with ${codec}, which is not read here; gzip and zstd are. Go on behind them, or read them with a client of Kafka.`
    throw new Refusal('unsupported_media_type', detail, { cause: error })
  }
  throw error
}

/** A request has each partition once: groups that are at different offsets of one are looked at one after the other. */
async function timesOf(
  cluster: Cluster,
  positions: readonly PartitionOffset[],
): Promise<ReadonlyMap<string, number>> {
  const different = [...new Map(positions.map((position) => [nameOf(position), position])).values()]
  const byPartition = Map.groupBy(different, ({ topic, partition }) => `${topic}-${partition}`)
  const rounds = Math.max(0, ...[...byPartition.values()].map(({ length }) => length))
  const times = new Map<string, number>()
  for (let round = 0; round < rounds; round++) {
    const own = [...byPartition.values()].flatMap((same) => same[round] ?? [])
    for (const [name, time] of await timesAt(cluster, own)) times.set(name, time)
  }
  return times
}

/** One request for all of a broker's partitions, each once; what did not fit is asked for alone. */
async function timesAt(
  cluster: Cluster,
  positions: readonly PartitionOffset[],
): Promise<ReadonlyMap<string, number>> {
  const some = { each: TIME_BYTES, all: 8 * TIME_BYTES }
  const fetched = await unlessUnreadable(fetchAll(cluster, positions, some))
  const times = new Map<string, number>()
  for (const [index, position] of positions.entries()) {
    const { topic, offset } = position
    const read = (data: PartitionData | undefined) =>
      data && new Batch(topic, String(offset), data).messages[0]
    const message =
      read(fetched?.[index]) ??
      read((await unlessUnreadable(fetchAll(cluster, [position], { each: 1, all: 1 })))?.[0])
    if (message) times.set(nameOf(position), Number(message.timestamp))
  }
  return times
}

async function unlessUnreadable<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work
  } catch (error) {
    if (error instanceof Refusal && error.code === 'unsupported_media_type') return null
    throw error
  }
}

function toRecord(
  { topic, partition }: TopicPartition,
  { offset, timestamp, key, value, headers = {} }: Batch['messages'][number],
): KafkaRecord {
  return {
    topic,
    partition,
    offset: Number(offset),
    timestamp: Number(timestamp),
    key,
    value,
    headers: Object.entries(headers).flatMap(([name, values]) =>
      [values].flat().map((one) => ({ name, value: Buffer.from(one ?? '') })),
    ),
  }
}

/** kafkajs reads gzip; what Node decompresses itself it is told. */
function readAlsoZstd(): void {
  Codecs[Types.ZSTD] = () => ({
    compress: unread,
    decompress: async (bytes: Buffer) => zstdDecompressSync(bytes),
  })
}

function unread(): never {
  throw new Error('records are read here, not written')
}
