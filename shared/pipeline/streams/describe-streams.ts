import type {
  GroupOffset,
  GroupState,
  PartitionLayout,
  Streams,
  TopicDescription,
  TopicPartition,
  TopicState,
} from '#shared/core/streams.ts'
import type { ConsumerGroup, LogInspector, PartitionOffset } from './log-inspector.ts'

export type StreamDeps = {
  readonly inspector: LogInspector
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** The time that the rate of a topic is measured over. */
const RATE_SECONDS = 60
/** Looks that are closer together share their result: every open page asks once in a few seconds. */
const SHARED_MS = 1000

/** Returns what looks at the whole cluster. What it throws is what the inspector throws. */
export function streamsObserver({ inspector, now }: StreamDeps): { readonly look: () => Promise<Streams> } {
  let last: { readonly at: number; readonly streams: Promise<Streams> } | null = null
  return {
    look() {
      if (last && Math.abs(now() - last.at) < SHARED_MS) return last.streams
      const streams = describeStreams({ inspector, now })
      const own = { at: now(), streams }
      last = own
      streams.catch(() => {
        if (last === own) last = null
      })
      return streams
    },
  }
}

/** Describes a topic and the groups that read it. Throws as the inspector does. */
export async function describeTopic(
  topic: string,
  {
    inspector,
    observer,
  }: { readonly inspector: LogInspector; readonly observer: ReturnType<typeof streamsObserver> },
): Promise<TopicDescription | null> {
  const [{ topics, groups }, config] = await Promise.all([observer.look(), inspector.settings(topic)])
  const found = topics.find(({ name }) => name === topic)
  if (found === undefined) return null
  return {
    ...found,
    config,
    groups: groups.filter(({ offsets }) => offsets.some((one) => one.topic === topic)),
  }
}

async function describeStreams({ inspector, now }: StreamDeps): Promise<Streams> {
  const [{ brokers, topics }, groups] = await Promise.all([inspector.layout(), inspector.groups()])
  const partitions = topics.flatMap(({ name, partitions: own }) =>
    own.map(({ partition }) => ({ topic: name, partition })),
  )
  const [earliest, latest, recent] = await Promise.all([
    inspector.offsets(partitions, 'earliest'),
    inspector.offsets(partitions, 'latest'),
    inspector.offsets(partitions, { time: now() - RATE_SECONDS * 1000 }),
  ])
  const spans = new Map<string, Span>(
    partitions.map((partition, index) => [
      nameOf(partition),
      { earliest: earliest[index] ?? 0, latest: latest[index] ?? 0, recent: recent[index] ?? 0 },
    ]),
  )
  const states = groups.map((group) => withLag(group, spans))
  return {
    brokers,
    topics: topics.map(({ name, partitions: own }) => describe(name, own, spans)),
    groups: await withAges(states, spans, { inspector, now }),
  }
}

type Span = { readonly earliest: number; readonly latest: number; readonly recent: number }
type Spans = ReadonlyMap<string, Span>

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`
}

function describe(name: string, partitions: readonly PartitionLayout[], spans: Spans): TopicState {
  const own = partitions.map((layout) => {
    const span = spans.get(nameOf({ topic: name, partition: layout.partition }))
    return { layout, span: span ?? { earliest: 0, latest: 0, recent: 0 } }
  })
  const recent = own.reduce((sum, { span }) => sum + Math.max(0, span.latest - span.recent), 0)
  return {
    name,
    partitions: own.map(({ layout, span: { earliest, latest } }) => ({ ...layout, earliest, latest })),
    records: own.reduce((sum, { span }) => sum + Math.max(0, span.latest - span.earliest), 0),
    recordsPerSecond: Math.round((recent / RATE_SECONDS) * 100) / 100,
  }
}

/** Offsets of topics that were deleted are left out. */
function withLag({ name, state, members, committed }: ConsumerGroup, spans: Spans): GroupState {
  const known = new Map(committed.map((position) => [nameOf(position), position.offset]))
  const assigned = members.flatMap(({ partitions }) => partitions)
  const partitions = new Map(
    [...committed, ...assigned].map(({ topic, partition }) => [
      nameOf({ topic, partition }),
      { topic, partition },
    ]),
  )
  const offsets = [...partitions].flatMap(([place, partition]): GroupOffset[] => {
    const span = spans.get(place)
    if (span === undefined) return []
    const offset = known.get(place) ?? null
    const lag = offset === null ? null : Math.max(0, span.latest - offset)
    return [{ ...partition, committed: offset, end: span.latest, lag, lagMs: lag === 0 ? 0 : null }]
  })
  return {
    name,
    state,
    members,
    lag: offsets.reduce((sum, { lag }) => sum + (lag ?? 0), 0),
    lagMs: 0,
    offsets: offsets.sort(
      (left, right) =>
        (left.topic < right.topic ? -1 : left.topic > right.topic ? 1 : 0) ||
        left.partition - right.partition,
    ),
  }
}

/** Looks up how old the first record is that each group has not committed. */
async function withAges(
  groups: readonly GroupState[],
  spans: Spans,
  { inspector, now }: StreamDeps,
): Promise<GroupState[]> {
  const behind = groups.flatMap(({ offsets }) => offsets.flatMap((one) => firstMissing(one, spans) ?? []))
  const times = behind.length === 0 ? [] : await inspector.times(behind)
  const timeOf = new Map(
    behind.map(({ topic, partition, offset }, index) => [
      `${nameOf({ topic, partition })}@${offset}`,
      times[index] ?? null,
    ]),
  )
  return groups.map((group) => {
    const offsets = group.offsets.map((one): GroupOffset => {
      const missing = firstMissing(one, spans)
      if (missing === null) return one
      const time = timeOf.get(`${nameOf(missing)}@${missing.offset}`) ?? null
      return { ...one, lagMs: time === null ? null : Math.max(0, now() - time) }
    })
    const ages = offsets.filter(({ lag }) => lag !== null && lag > 0).map(({ lagMs }) => lagMs)
    const isUnknown = ages.length > 0 && ages.every((age) => age === null)
    return { ...group, offsets, lagMs: isUnknown ? null : Math.max(0, ...ages.map((age) => age ?? 0)) }
  })
}

/** The position of the oldest record that a group has not committed, of those that are left. */
function firstMissing(offset: GroupOffset, spans: Spans): PartitionOffset | null {
  const { topic, partition, committed, lag } = offset
  if (committed === null || lag === null || lag === 0) return null
  const { earliest = 0 } = spans.get(nameOf({ topic, partition })) ?? {}
  return { topic, partition, offset: Math.max(committed, earliest) }
}
