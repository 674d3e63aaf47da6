import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { ClusterFile, StoredTopic } from './cluster-file.ts'
import { openPartitionLog, type PartitionLog } from './partition-log.ts'
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
  /** The number in force for a numeric config. */
  setting(topic: Topic, name: string): number
  create(name: string, partitions: number, configs: Record<string, string>): Topic
  grow(topic: Topic, partitions: number): void
  configure(topic: Topic, configs: Record<string, string>): void
  remove(topic: Topic): void
  /** Applies every topic's retention. */
  dropExpired(now: number): void
  close(): void
}

type OpenTopic = { name: string; id: string; partitions: PartitionLog[]; configs: Record<string, string> }

/**
 * Opens all topics of a data directory. A topic exists from the moment it is in the cluster file until it is
 * out of it; directories that no topic owns are what a killed deletion left behind.
 */
export function openTopicStore(options: {
  dataDir: string
  cluster: ClusterFile
  retentionMs: number
  segmentBytes: number
  log(line: string): void
}): TopicStore {
  const stored = storedTopics(options.cluster)
  const root = join(options.dataDir, 'topics')
  const configs = createTopicConfigs(options)
  const byName = new Map<string, OpenTopic>()
  const byId = new Map<string, OpenTopic>()

  const openLog = (topic: Pick<StoredTopic, 'id' | 'configs'>, index: number): PartitionLog =>
    openPartitionLog({
      directory: join(root, topic.id, String(index)),
      segmentBytes: Number(configs.valueOf(topic.configs, 'segment.bytes')),
      log: options.log,
    })
  const openTopic = (found: StoredTopic): OpenTopic => {
    const topic = {
      ...found,
      partitions: Array.from({ length: found.partitions }, (_, index) => openLog(found, index)),
    }
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
  removeOrphans(root, byId)

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
        target.partitions.push(openLog(topic, index))
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
      rmSync(join(root, topic.id), { recursive: true, force: true })
    },
    dropExpired(now) {
      for (const topic of byName.values()) {
        const retentionMs = Number(configs.valueOf(topic.configs, 'retention.ms'))
        for (const partition of topic.partitions) partition.dropExpired(now, retentionMs)
      }
    },
    close() {
      for (const topic of byName.values()) for (const partition of topic.partitions) partition.close()
    },
  }
}

/** The list of topics in the cluster file; every change is durable when it returns. */
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

function removeOrphans(root: string, known: ReadonlyMap<string, unknown>): void {
  if (!existsSync(root)) return
  for (const id of readdirSync(root)) {
    if (!known.has(id)) rmSync(join(root, id), { recursive: true, force: true })
  }
}
