import { Buffer } from 'node:buffer'
import { beforeAll, describe, expect, test } from 'vitest'
import type { TopicPartition } from '#shared/core/streams.ts'
import type { LogInspector } from '#shared/pipeline/streams/log-inspector.ts'

type Given = {
  readonly key?: string
  readonly value: string | null
  readonly headers?: Readonly<Record<string, string>>
  /** Milliseconds since 1970. */
  readonly timestamp: number
}

/** A cluster to look at. */
export type InspectedCluster = {
  readonly inspector: LogInspector
  /** Creates a topic with two partitions, and returns its name. */
  readonly createTopic: () => Promise<string>
  /** Appends records in order, each in a batch of its own. */
  readonly append: (partition: TopicPartition, records: readonly Given[]) => Promise<void>
}

const BYTES = 1024 * 1024

/** The contract of every LogInspector. */
export function describeLogInspector(name: string, open: () => Promise<InspectedCluster>): void {
  describe(`the LogInspector ${name}`, () => {
    const time = Date.now() - 60_000
    let cluster: InspectedCluster
    let topic: string
    const at = (partition: number) => ({ topic, partition })
    beforeAll(async () => {
      cluster = await open()
      topic = await cluster.createTopic()
      await cluster.append(at(0), [
        { key: 'k', value: 'a', headers: { h: 'x' }, timestamp: time },
        { value: null, timestamp: time + 1000 },
        { value: 'c', timestamp: time + 2000 },
      ])
      await cluster.append(at(1), [{ value: 'other', timestamp: time + 500 }])
    })

    test('names the brokers and the topics with their partitions', async () => {
      const { brokers, topics } = await cluster.inspector.layout()

      expect(brokers.filter(({ isController }) => isController)).toHaveLength(1)
      expect(brokers[0]?.host).toEqual(expect.any(String))
      const ids = brokers.map(({ id }) => id)
      const found = topics.find((one) => one.name === topic)
      expect(found?.partitions.map(({ partition }) => partition)).toEqual([0, 1])
      for (const { leader, replicas, inSync } of found?.partitions ?? []) {
        expect(ids).toContain(leader)
        expect(replicas).toContain(leader)
        expect(inSync).toContain(leader)
      }
    })

    test('finds the beginning, the end and a time of each partition, in the order asked', async () => {
      const { inspector } = cluster
      const partitions = [at(1), at(0)]

      expect(await inspector.offsets(partitions, 'earliest')).toEqual([0, 0])
      expect(await inspector.offsets(partitions, 'latest')).toEqual([1, 3])
      expect(await inspector.offsets(partitions, { time })).toEqual([0, 0])
      expect(await inspector.offsets(partitions, { time: time + 501 })).toEqual([1, 1])
      expect(await inspector.offsets(partitions, { time: time + 2000 })).toEqual([1, 2])
      expect(await inspector.offsets(partitions, { time: time + 2001 })).toEqual([1, 3])
      expect(await inspector.offsets([], 'latest')).toEqual([])
    })

    test('finds the times of records, of one partition at several offsets too', async () => {
      const positions = [
        { ...at(0), offset: 1 },
        { ...at(1), offset: 0 },
        { ...at(0), offset: 0 },
        { ...at(0), offset: 3 },
      ]

      expect(await cluster.inspector.times(positions)).toEqual([time + 1000, time + 500, time, null])
      expect(await cluster.inspector.times(positions.slice(0, 1))).toEqual([time + 1000])
    })

    test('fetches records with their bytes from an offset on, and nothing at the end', async () => {
      const { inspector } = cluster

      const { records, next, latest } = await inspector.fetch({ ...at(0), offset: 0 }, BYTES)

      expect([next, latest]).toEqual([3, 3])
      expect(
        records.map(({ value, ...record }) => [record.offset, value && Buffer.from(value).toString()]),
      ).toEqual([
        [0, 'a'],
        [1, null],
        [2, 'c'],
      ])
      expect(records[0]).toMatchObject({ ...at(0), timestamp: time })
      expect(Buffer.from(records[0]?.key ?? []).toString()).toBe('k')
      expect(records[0]?.headers.map((one) => [one.name, Buffer.from(one.value).toString()])).toEqual([
        ['h', 'x'],
      ])
      expect((await inspector.fetch({ ...at(0), offset: 2 }, BYTES)).records).toHaveLength(1)
      expect(await inspector.fetch({ ...at(0), offset: 3 }, BYTES)).toEqual({
        records: [],
        next: 3,
        latest: 3,
      })
    })

    test('fetches at least one record, however few bytes are asked for', async () => {
      const { records, next } = await cluster.inspector.fetch({ ...at(0), offset: 1 }, 1)

      expect(records[0]?.offset).toBe(1)
      expect(next).toBe((records.at(-1)?.offset ?? 0) + 1)
    })

    test('knows the settings of a topic', async () => {
      const settings = await cluster.inspector.settings(topic)

      expect(settings.find((one) => one.name === 'retention.ms')).toEqual({
        name: 'retention.ms',
        value: expect.stringMatching(/^-?\d+$/),
        isDefault: true,
      })
      expect(settings.map((one) => one.name)).toEqual(settings.map((one) => one.name).sort())
    })

    test('refuses what is not there', async () => {
      const { inspector } = cluster
      const nowhere = { topic: `${topic}-not-there`, partition: 0 }
      const missing = { code: 'not_found' }

      await expect(inspector.offsets([nowhere], 'latest')).rejects.toMatchObject(missing)
      await expect(inspector.offsets([at(9)], 'latest')).rejects.toMatchObject(missing)
      await expect(inspector.fetch({ ...nowhere, offset: 0 }, BYTES)).rejects.toMatchObject(missing)
      await expect(inspector.settings(nowhere.topic)).rejects.toMatchObject(missing)
      expect((await inspector.layout()).topics.map((one) => one.name)).not.toContain(nowhere.topic)
    })
  })
}
