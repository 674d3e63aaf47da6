import { Buffer } from 'node:buffer'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { KafkaRecord, LogReader, RawLog, RawRecord, Span } from '#shared/pipeline/ports.ts'
import { memoryLogInspector } from '#shared/testing/memory/memory-log-inspector.ts'
import { prefixedInspector, prefixedLog, prefixedReader } from './prefixed-topics.ts'

const names = fc.stringMatching(/^[a-z][a-z.-]{0,8}$/)
const prefixes = fc.stringMatching(/^[a-z.-]{0,6}$/)
const topics = fc.uniqueArray(names, { minLength: 1, maxLength: 4 })
const bytes = Buffer.from('x')

test('what is written goes to the topics with the prefix, and the positions have the domains’ names', async () => {
  await fc.assert(
    fc.asyncProperty(prefixes, fc.array(names, { minLength: 1 }), async (prefix, written) => {
      const inKafka: string[] = []
      const log: RawLog = {
        async append(records) {
          inKafka.push(...records.map(({ topic }) => topic))
          return records.map(({ topic }, offset) => ({ topic, partition: 0, offset }))
        },
      }
      const records = written.map((topic): RawRecord => ({ topic, key: 'k', value: bytes, headers: {} }))

      const positions = await prefixedLog(log, prefix).append(records)

      expect(inKafka).toEqual(written.map((topic) => `${prefix}${topic}`))
      expect(positions.map(({ topic }) => topic)).toEqual(written)
    }),
  )
})

test('what is read has the domains’ names, and comes from the topics with the prefix', async () => {
  await fc.assert(
    fc.asyncProperty(prefixes, topics, async (prefix, wanted) => {
      const recordOf = ({ topic }: Span): KafkaRecord => ({
        topic,
        partition: 0,
        offset: 0,
        timestamp: 0,
        key: null,
        value: bytes,
        headers: [],
      })
      const asked: string[] = []
      const spanOf = (topic: string): Span => ({ topic, partition: 0, from: 0, end: 1 })
      const kafka: LogReader = {
        held: async (held) => held.map(spanOf),
        committed: async (_, topic) => {
          asked.push(topic)
          return new Map()
        },
        read: async (spans, take) => take(spans.map(recordOf)),
      }
      const reader = prefixedReader(kafka, prefix)
      const seen: string[] = []

      const spans = await reader.held(wanted)
      for (const topic of wanted) await reader.committed('group', topic)
      const signal = new AbortController().signal
      await reader.read(
        spans,
        async (records) => void seen.push(...records.map(({ topic }) => topic)),
        signal,
      )

      expect(spans.map(({ topic }) => topic)).toEqual(wanted)
      expect(seen).toEqual(wanted)
      expect(asked).toEqual(wanted.map((topic) => `${prefix}${topic}`))
    }),
  )
})

test('a stage sees its own part of a cluster as if it had a cluster of its own', async () => {
  await fc.assert(
    fc.asyncProperty(prefixes, topics, topics, async (prefix, own, others) => {
      const [alone, shared] = [memoryLogInspector(), memoryLogInspector()]
      const foreign = others.map((name) => `~${name}`)
      for (const [cluster, all] of [
        [alone, own],
        [shared, [...own.map((name) => `${prefix}${name}`), ...(prefix === '' ? [] : foreign)]],
      ] as const)
        for (const topic of all) {
          cluster.create(topic, 2)
          const partition = { topic, partition: 1 }
          cluster.append(partition, { value: topic.slice(-1), timestamp: 7 })
          cluster.setGroup({
            name: `group-of-${topic.startsWith(prefix) && cluster === shared ? topic.slice(prefix.length) : topic}`,
            state: 'Stable',
            members: [{ id: 'm', client: 'c', host: 'h', partitions: [partition] }],
            committed: [{ ...partition, offset: 1 }],
          })
        }
      const inspector = prefixedInspector(shared, prefix)
      const partitions = own.map((topic) => ({ topic, partition: 1 }))
      const positions = partitions.map((one) => ({ ...one, offset: 0 }))
      const [first = { topic: '', partition: 0, offset: 0 }] = positions

      expect(await inspector.layout()).toEqual(await alone.layout())
      expect(await inspector.groups()).toEqual(await alone.groups())
      expect(await inspector.offsets(partitions, 'latest')).toEqual(await alone.offsets(partitions, 'latest'))
      expect(await inspector.times(positions)).toEqual(await alone.times(positions))
      expect(await inspector.fetch(first, 1000)).toEqual(await alone.fetch(first, 1000))
      expect(await inspector.settings(first.topic)).toEqual(await alone.settings(first.topic))
    }),
  )
})
