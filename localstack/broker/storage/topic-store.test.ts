import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { buildBatch } from '../testing/build-batch.ts'
import { createTestClock } from '../testing/open-log.ts'
import { temporaryDirectory } from '../testing/temporary-directory.ts'
import { createProducerIds, openClusterFile } from './cluster-file.ts'
import { DirectoryInUseError, lockDirectory } from './lock-directory.ts'
import { readBatchHeader } from './record-batch.ts'
import { openTopicStore, type Topic, type TopicStore } from './topic-store.ts'

function open(dataDir: string, clock = createTestClock(), log = (_line: string) => {}): TopicStore {
  const cluster = openClusterFile(dataDir)
  return openTopicStore({ dataDir, cluster, retentionMs: 1_000, segmentBytes: 1_000, clock, log })
}

function append(topic: Topic, timestamp: number): void {
  const batch = buildBatch({ timestamp })
  topic.partitions[0]?.append(batch, readBatchHeader(batch))
}

describe('the store of topics', () => {
  it('has the same topics, ids, partitions and configs when it is opened again', () => {
    const dataDir = temporaryDirectory()
    const store = open(dataDir)
    const topic = store.create('orders', 2, { 'retention.ms': '5' })
    store.grow(topic, 3)
    store.configure(topic, { 'retention.ms': '9' })

    const found = open(dataDir).find('orders')

    expect(found).toMatchObject({ id: topic.id, configs: { 'retention.ms': '9' } })
    expect(found?.partitions).toHaveLength(3)
  })

  it('assigns a new id to a topic that is created again, without its old records', () => {
    const store = open(temporaryDirectory())
    const former = store.create('orders', 1, {})
    const batch = buildBatch()
    former.partitions[0]?.append(batch, readBatchHeader(batch))

    store.remove(former)
    const again = store.create('orders', 1, {})

    expect(again.id).not.toBe(former.id)
    expect(store.findById(former.id)).toBeUndefined()
    expect(again.partitions[0]?.endOffset).toBe(0)
  })

  it('removes the files of a topic whose deletion was interrupted', () => {
    const dataDir = temporaryDirectory()
    open(dataDir)
    const orphan = join(dataDir, 'topics', `${'f'.repeat(32)}.deleted`)
    mkdirSync(orphan, { recursive: true })

    open(dataDir)

    expect(existsSync(orphan)).toBe(false)
  })

  it('keeps and names the files of a topic that an older copy of the cluster file does not have', () => {
    const dataDir = temporaryDirectory()
    open(dataDir)
    const older = readFileSync(join(dataDir, 'cluster.json'))
    const { id } = open(dataDir).create('orders', 1, {})
    const directory = join(dataDir, 'topics', id)
    mkdirSync(directory, { recursive: true })
    writeFileSync(join(dataDir, 'cluster.json'), older)
    const lines: string[] = []

    open(dataDir, createTestClock(), (line) => lines.push(line))

    expect(existsSync(directory)).toBe(true)
    expect(lines).toEqual([expect.stringContaining(`${directory} is of no topic in the cluster file`)])
  })

  it('applies the retention of each topic', () => {
    const clock = createTestClock()
    const store = open(temporaryDirectory(), clock)
    const kept = store.create('kept', 1, { 'retention.ms': '-1' })
    const dropped = store.create('dropped', 1, {})
    for (const topic of [kept, dropped]) {
      const batch = buildBatch({ timestamp: 1_000 })
      topic.partitions[0]?.append(batch, readBatchHeader(batch))
    }

    clock.pass(10_000)
    store.dropExpired()

    expect(kept.partitions[0]?.startOffset).toBe(0)
    expect(dropped.partitions[0]?.startOffset).toBe(1)
  })

  it('applies a changed config at once', () => {
    const clock = createTestClock()
    const store = open(temporaryDirectory(), clock)
    const topic = store.create('t', 1, { 'retention.ms': '-1' })
    append(topic, clock.now())

    clock.pass(10_000)
    store.configure(topic, { 'retention.ms': '5000' })
    store.dropExpired()

    expect(topic.partitions[0]?.startOffset).toBe(1)
  })

  it('deletes nothing at once when the wall clock is set forward by an hour, and nothing too late when it is set back', () => {
    const clock = createTestClock()
    const store = open(temporaryDirectory(), clock)
    const topic = store.create('t', 1, { 'retention.ms': '600000' })
    append(topic, clock.now())

    clock.set(3_600_000)
    store.dropExpired()
    const afterJump = topic.partitions[0]?.startOffset
    clock.pass(300_000)
    store.dropExpired()
    const duringJump = topic.partitions[0]?.startOffset
    clock.set(-3_600_000)
    clock.pass(299_000)
    store.dropExpired()
    const early = topic.partitions[0]?.startOffset
    clock.pass(2_000)
    store.dropExpired()

    expect([afterJump, duringJump, early]).toEqual([0, 0, 0])
    expect(topic.partitions[0]?.startOffset).toBe(1)
  })
})

describe('a data directory', () => {
  it('keeps its cluster id', () => {
    const dataDir = temporaryDirectory()

    expect(openClusterFile(dataDir).state.clusterId).toBe(openClusterFile(dataDir).state.clusterId)
  })

  it('never returns a producer id twice', () => {
    const dataDir = temporaryDirectory()
    const ids = [1, 2, 3].flatMap(() => {
      const next = createProducerIds(openClusterFile(dataDir))
      return Array.from({ length: 1_500 }, next)
    })

    expect(new Set(ids).size).toBe(4_500)
  })

  it('has one owner at a time', async () => {
    const dataDir = temporaryDirectory()
    const unlock = await lockDirectory(dataDir)

    await expect(lockDirectory(dataDir)).rejects.toThrow(DirectoryInUseError)
    await unlock()

    await (await lockDirectory(dataDir))()
  })
})
