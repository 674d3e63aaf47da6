import { randomBytes } from 'node:crypto'
import { closeSync, existsSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Clock, systemClock } from '../../clock.ts'
import { createSteadyClock } from '../steady-clock.ts'
import type { ClusterFile, StoredTopic } from './cluster-file.ts'
import { createLru } from './lru.ts'
import { type LogLimits, openPartitionLog, type PartitionLog } from './partition-log.ts'
import type { SegmentResources } from './segment.ts'
import { createTopicConfigs, type TopicConfigs } from './topic-configs.ts'

export type Topic = {
  readonly name: string
  /** 32 hexadecimal digits. */
  readonly id: string
  readonly partitions: readonly PartitionLog[]
  readonly configs: Readonly<Record<string, string>>
}

export type TopicStore = {
  readonly configs: TopicConfigs
  list(): Topic[]
  find(name: string): Topic | undefined
  findById(id: string): Topic | undefined
  /** The value of a numeric config: the topic's own or the default. */
  setting(topic: Topic, name: string): number
  create(name: string, partitions: number, configs: Record<string, string>): Topic
  grow(topic: Topic, partitions: number): void
  configure(topic: Topic, configs: Record<string, string>): void
  remove(topic: Topic): void
  /** Applies every topic's retention. */
  dropExpired(): void
  close(): void
}

/** Descriptors and indexes of closed segments that are kept, of all partitions together. */
const KEPT_FILES = 128
const KEPT_INDEXES = 128

type OpenTopic = { name: string; id: string; partitions: PartitionLog[]; configs: Record<string, string> }

/**
 * Opens all topics of a data directory. A topic exists while it is in the cluster file. A directory that is marked as
 * deleted is left from a deletion during which the process was killed; it is removed. Another one without a topic, as
 * after an older copy of the cluster file was put back, is kept and told.
 */
export function openTopicStore(options: {
  dataDir: string
  cluster: ClusterFile
  retentionMs: number
  segmentBytes: number
  clock?: Clock
  log(line: string): void
}): TopicStore {
  const { clock = systemClock, log } = options
  const resources: SegmentResources = {
    files: createLru(KEPT_FILES, closeSync),
    indexes: createLru(KEPT_INDEXES),
    clock,
    log,
  }
  const steadyNow = createSteadyClock(clock)
  const stored = storedTopics(options.cluster)
  const root = join(options.dataDir, 'topics')
  const configs = createTopicConfigs(options)
  const byName = new Map<string, OpenTopic>()
  const byId = new Map<string, OpenTopic>()

  const limitsOf = (own: Record<string, string>): LogLimits => ({
    retentionMs: Number(configs.valueOf(own, 'retention.ms')),
    segmentBytes: Number(configs.valueOf(own, 'segment.bytes')),
    segmentMs: Number(configs.valueOf(own, 'segment.ms')),
  })
  const openLog = (topic: Pick<OpenTopic, 'id' | 'configs'>, index: number): PartitionLog =>
    openPartitionLog({
      directory: join(root, topic.id, String(index)),
      limits: () => limitsOf(topic.configs),
      resources,
    })
  const openTopic = (found: StoredTopic): OpenTopic => {
    const topic: OpenTopic = { ...found, partitions: [] }
    for (let index = 0; index < found.partitions; index += 1) topic.partitions.push(openLog(topic, index))
    byName.set(topic.name, topic)
    byId.set(topic.id, topic)
    return topic
  }
  const opened = (topic: Topic): OpenTopic => {
    const found = byId.get(topic.id)
    if (!found) throw new Error(`topic ${topic.name} was deleted`)
    return found
  }

  stored.all().forEach(openTopic)
  clearOrphans(root, byId, log)

  return {
    configs,
    list: () => [...byName.values()],
    find: (name) => byName.get(name),
    findById: (id) => byId.get(id),
    setting: (topic, name) => Number(configs.valueOf(topic.configs, name)),
    create(name, partitions, own) {
      return openTopic(stored.add({ name, id: randomBytes(16).toString('hex'), partitions, configs: own }))
    },
    grow(topic, partitions) {
      const target = opened(topic)
      stored.change(topic.id, { partitions })
      for (let index = target.partitions.length; index < partitions; index += 1) {
        target.partitions.push(openLog(target, index))
      }
    },
    configure(topic, own) {
      const target = opened(topic)
      stored.change(topic.id, { configs: own })
      target.configs = own
    },
    remove(topic) {
      stored.remove(topic.id)
      byName.delete(topic.name)
      byId.delete(topic.id)
      for (const partition of topic.partitions) partition.remove()
      removeMarked(join(root, topic.id))
    },
    dropExpired() {
      const now = steadyNow()
      for (const topic of byName.values())
        for (const partition of topic.partitions) partition.dropExpired(now)
    },
    close() {
      for (const topic of byName.values()) for (const partition of topic.partitions) partition.close()
    },
  }
}

/** The list of topics in the cluster file. Every change is durable when it returns. */
function storedTopics(cluster: ClusterFile) {
  const all = (): readonly StoredTopic[] => cluster.state.topics
  return {
    all,
    add(topic: StoredTopic): StoredTopic {
      cluster.update({ topics: [...all(), topic] })
      return topic
    },
    change(id: string, change: Partial<StoredTopic>): void {
      cluster.update({ topics: all().map((topic) => (topic.id === id ? { ...topic, ...change } : topic)) })
    },
    remove(id: string): void {
      cluster.update({ topics: all().filter((topic) => topic.id !== id) })
    },
  }
}

const DELETED = '.deleted'

function removeMarked(directory: string): void {
  if (!existsSync(directory)) return
  renameSync(directory, `${directory}${DELETED}`)
  rmSync(`${directory}${DELETED}`, { recursive: true, force: true })
}

function clearOrphans(root: string, known: ReadonlyMap<string, unknown>, log: (line: string) => void): void {
  if (!existsSync(root)) return
  for (const id of readdirSync(root)) {
    if (known.has(id)) continue
    if (id.endsWith(DELETED)) rmSync(join(root, id), { recursive: true, force: true })
    else
      log(
        `${join(root, id)} is of no topic in the cluster file and is not read; delete it if nobody needs it`,
      )
  }
}
