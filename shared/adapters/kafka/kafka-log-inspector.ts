import type { Buffer } from 'node:buffer'
import { AssignerProtocol } from 'kafkajs'
import type Cluster from 'kafkajs/src/cluster/index.js'
import type { GroupMember, TopicPartition, TopicSetting } from '#shared/core/streams.ts'
import type {
  ConsumerGroup,
  LogInspector,
  PartitionOffset,
  Place,
} from '#shared/pipeline/streams/log-inspector.ts'
import type { KafkaAccess } from './kafka-access.ts'
import { byLeader, COMMITTED, fetchFirst, fetchFrom, layoutOf, partitionsOf } from './kafka-fetch.ts'
import { type KafkaSession, kafkaSession } from './kafka-session.ts'
import { prefixedInspector } from './prefixed-topics.ts'

/** The type of a topic among the resources that have settings. */
const TOPIC = 2
const TIMES = { latest: '-1', earliest: '-2' } as const
/** How many bytes are fetched of a partition to learn the time of one record. */
const TIME_BYTES = 64 * 1024
/** The times of so many positions are kept: they do not change. */
const MOST_TIMES = 10_000

/** The LogInspector on Kafka. It keeps its connections, and asks each broker only for what that one has. */
export function kafkaLogInspector(
  access: KafkaAccess,
  session: KafkaSession = kafkaSession(access),
): LogInspector {
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
    fetch: (from, maxBytes) => ask((cluster) => fetchFrom(cluster, from, { maxBytes })),
  }
  return prefixedInspector(inspector, access.topicPrefix)
}

function nameOf({ topic, partition, offset }: PartitionOffset): string {
  return `${topic}-${partition}@${offset}`
}

function byName(left: { readonly name: string }, right: { readonly name: string }): number {
  return left.name < right.name ? -1 : 1
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
  const found = await fetchFirst(cluster, positions, { each: TIME_BYTES, all: 8 * TIME_BYTES })
  const times = new Map<string, number>()
  for (const [index, position] of positions.entries()) {
    const record = found[index] ?? (await fetchFirst(cluster, [position], { each: 1, all: 1 }))[0]
    if (record) times.set(nameOf(position), record.timestamp)
  }
  return times
}
