import { join } from 'node:path'
import { openClusterFile } from '../../localstack/broker/storage/cluster-file.ts'
import { lockDirectory } from '../../localstack/broker/storage/lock-directory.ts'
import { openOffsetStore } from '../../localstack/broker/storage/offset-store.ts'
import { crc32c, readBatchHeader } from '../../localstack/broker/storage/record-batch.ts'
import { openTopicStore, type Topic, type TopicStore } from '../../localstack/broker/storage/topic-store.ts'
import { buildBatch } from '../../localstack/broker/testing/build-batch.ts'
import type { Clock } from '../../localstack/clock.ts'

export type Filling = {
  /** The data folder of a broker that does not run, such as `.tidewire/kafka`. */
  dataDir: string
  /** Bytes to add to all partitions together. */
  bytes: number
  /** The records' times are spread evenly over so many days until now. */
  days: number
  /** The groups of a topic that have nothing to read of the filling, although they may not have committed anything yet. */
  groupsOf?: (topic: string) => readonly string[]
  log(line: string): void
}

const DAY_MS = 86_400_000
const RECORD_BYTES = 1024
/** As posts at 60 events/s leave them: mostly small batches. */
const BATCH_SIZES = [1, 1, 1, 2, 1, 3, 1, 1, 5, 1, 2, 8, 1, 1, 20, 4]
/** Topics and partitions of a folder that has none. */
const TOPICS = Array.from({ length: 8 }, (_, index) => `filled-${index}`)
const PARTITIONS = 3

/**
 * Adds records to every partition of a stopped broker, through its storage, as fast as the disk takes them. The offsets
 * that groups have committed are moved to the end, so that nobody consumes the filling. The records are no events.
 * Rejects if a broker uses the folder.
 */
export async function fillLog({ dataDir, bytes, days, groupsOf = () => [], log }: Filling): Promise<void> {
  const unlock = await lockDirectory(dataDir)
  const end = Date.now()
  const begin = end - days * DAY_MS
  let time = begin
  // The storage sees the days pass, so that the ages of its segments are those of the records.
  const clock = { now: () => time, elapsed: () => time - begin }
  const topics = openTopics(dataDir, clock, log)
  const partitions = topics.list().flatMap((topic) => topic.partitions)
  const templates = BATCH_SIZES.map(templateOf)
  let reported = 0
  for (let written = 0, turn = 0; written < bytes; turn += 1) {
    time = begin + Math.floor((written / bytes) * (end - begin))
    for (const [index, partition] of partitions.entries()) {
      const batch = stamp(templates[(turn + index) % templates.length] ?? Buffer.alloc(0), time)
      partition.append(batch, readBatchHeader(batch))
      written += batch.length
    }
    if (written - reported < 1e9) continue
    reported = written
    log(`${(written / 1e9).toFixed(1)} GB`)
  }
  moveOffsets(dataDir, topics, groupsOf)
  topics.close()
  await unlock()
}

function openTopics(dataDir: string, clock: Clock, log: (line: string) => void): TopicStore {
  const topics = openTopicStore({
    dataDir,
    cluster: openClusterFile(dataDir),
    retentionMs: 7 * DAY_MS,
    segmentBytes: 64 * 1024 * 1024,
    clock,
    log,
  })
  if (topics.list().length === 0) for (const name of TOPICS) topics.create(name, PARTITIONS, {})
  return topics
}

function moveOffsets(
  dataDir: string,
  topics: TopicStore,
  groupsOf: (topic: string) => readonly string[],
): void {
  const offsets = openOffsetStore(join(dataDir, 'offsets.jsonl'))
  const endOf = (name: string, partition: number): number => {
    const topic: Topic | undefined = topics.find(name)
    return topic?.partitions[partition]?.endOffset ?? 0
  }
  for (const group of offsets.groups()) {
    const moved = offsets
      .of(group)
      .map((entry) => ({ ...entry, offset: endOf(entry.topic, entry.partition) }))
    offsets.commit(group, moved)
  }
  for (const { name, partitions } of topics.list()) {
    const ends = partitions.map(({ endOffset }, partition) => ({
      topic: name,
      partition,
      offset: endOffset,
      leaderEpoch: -1,
      metadata: null,
    }))
    for (const group of groupsOf(name)) offsets.commit(group, ends)
  }
  offsets.close()
}

/** A batch of records of which no two are alike, so that compression of the disk saves nothing. */
function templateOf(records: number): Buffer {
  const values = Array.from({ length: records }, () =>
    Array.from({ length: RECORD_BYTES / 16 }, () =>
      Math.random().toString(36).slice(2, 18).padEnd(16, '0'),
    ).join(''),
  )
  return buildBatch({ values })
}

/** Sets the times of a batch, from `time` on, and its checksum. */
function stamp(batch: Buffer, time: number): Buffer {
  const { recordCount } = readBatchHeader(batch)
  batch.writeBigInt64BE(BigInt(time), 27)
  batch.writeBigInt64BE(BigInt(time + recordCount - 1), 35)
  batch.writeUInt32BE(crc32c(batch, 21), 17)
  return batch
}
