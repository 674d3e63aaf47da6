import { type Admin, Kafka, logLevel } from 'kafkajs'
import type { KafkaAccess } from './kafka-access.ts'
import { trackedSockets } from './tracked-sockets.ts'

/** A topic as it must be at least, with its name in Kafka. */
export type WantedTopic = {
  readonly name: string
  readonly partitions: number
  /** How long Kafka keeps a record, in milliseconds; -1 keeps it for good. Without it the cluster decides. */
  readonly retentionMs?: number | undefined
}

/** What was changed, in words. */
export type TopicChange = string

const RETENTION = 'retention.ms'
/** The type of a topic among the resources that have settings. */
const TOPIC = 2

/**
 * Creates the topics that are missing, and adds partitions to those that have fewer. The retention of a topic is only
 * raised: what a shorter one would delete may be what views are rebuilt from. It deletes no topic, and changes no other
 * setting. Returns what it changed. Throws the error of kafkajs.
 */
export async function ensureTopics(
  { topicPrefix, lastsMs, ...access }: KafkaAccess,
  topics: readonly WantedTopic[],
): Promise<TopicChange[]> {
  const sockets = trackedSockets()
  const admin = new Kafka({
    connectionTimeout: 3000,
    requestTimeout: 20_000, // a new topic is placed on several brokers
    retry: { initialRetryTime: 200, retries: 3 },
    logLevel: logLevel.NOTHING, // failures are thrown, with their cause
    socketFactory: sockets.open,
    ...access,
  }).admin()
  try {
    await admin.connect()
    const known = new Set(await admin.listTopics())
    const existing = topics.filter(({ name }) => known.has(name))
    return [
      ...(await createMissing(
        admin,
        topics.filter(({ name }) => !known.has(name)),
      )),
      ...(await addPartitions(admin, existing)),
      ...(await raiseRetention(admin, existing)),
    ]
  } finally {
    await admin.disconnect().catch(() => {})
    sockets.destroy()
  }
}

async function createMissing(admin: Admin, topics: readonly WantedTopic[]): Promise<TopicChange[]> {
  if (topics.length === 0) return []
  await admin.createTopics({
    waitForLeaders: true,
    // The cluster knows how many replicas it has room for.
    topics: topics.map(({ name: topic, partitions: numPartitions, retentionMs }) => ({
      topic,
      numPartitions,
      configEntries: retentionMs === undefined ? [] : [{ name: RETENTION, value: String(retentionMs) }],
    })),
  })
  return topics.map(({ name, partitions }) => `${name} was created with ${partitions} partitions`)
}

async function addPartitions(admin: Admin, topics: readonly WantedTopic[]): Promise<TopicChange[]> {
  if (topics.length === 0) return []
  const { topics: found } = await admin.fetchTopicMetadata({ topics: topics.map(({ name }) => name) })
  const counts = new Map(found.map(({ name, partitions }) => [name, partitions.length]))
  const few = topics.filter(({ name, partitions }) => (counts.get(name) ?? partitions) < partitions)
  if (few.length === 0) return []
  await admin.createPartitions({
    topicPartitions: few.map(({ name: topic, partitions: count }) => ({ topic, count })),
  })
  return few.map(({ name, partitions }) => `${name} has ${partitions} partitions, not ${counts.get(name)}`)
}

/** The source of a setting that the topic has itself. */
const OF_TOPIC = 1
type Setting = { readonly configName: string; readonly configValue: string; readonly configSource?: number }

async function raiseRetention(admin: Admin, topics: readonly WantedTopic[]): Promise<TopicChange[]> {
  const wanted = new Map(topics.map(({ name, retentionMs }) => [name, retentionMs]))
  if (topics.length === 0) return []
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: topics.map(({ name }) => ({ type: TOPIC, name })),
  })
  const short = resources.flatMap(({ resourceName: name, configEntries }) => {
    const settings: readonly Setting[] = configEntries
    const is = settings.find(({ configName }) => configName === RETENTION)?.configValue
    const want = wanted.get(name)
    if (is === undefined || want === undefined || lasting(want) <= lasting(Number(is))) return []
    // kafkajs knows only the request that sets all settings of a topic: what is not among them would be reset.
    const others = settings
      .filter(({ configName, configSource }) => configSource === OF_TOPIC && configName !== RETENTION)
      .map(({ configName, configValue }) => ({ name: configName, value: configValue }))
    return [{ name, is, want, configEntries: [...others, { name: RETENTION, value: String(want) }] }]
  })
  if (short.length === 0) return []
  await admin.alterConfigs({
    validateOnly: false,
    resources: short.map(({ name, configEntries }) => ({
      type: TOPIC,
      name,
      configEntries,
    })),
  })
  return short.map(({ name, is, want }) => `${name} keeps records for ${want} ms, not ${is}`)
}

function lasting(retentionMs: number): number {
  return retentionMs < 0 ? Number.POSITIVE_INFINITY : retentionMs
}

const REFUSALS: ReadonlySet<unknown> = new Set([
  'INVALID_TOPIC_EXCEPTION',
  'INVALID_PARTITIONS',
  'INVALID_REPLICATION_FACTOR',
  'INVALID_CONFIG',
  'INVALID_REQUEST',
  'POLICY_VIOLATION',
])

/** Whether Kafka refused what was asked for, which it would do again. */
export function refusesTopics(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if ('type' in error && REFUSALS.has(error.type)) return true
  const inner: unknown[] = 'errors' in error && Array.isArray(error.errors) ? error.errors : []
  return inner.some(refusesTopics) || refusesTopics(error.cause)
}
