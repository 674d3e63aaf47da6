import { nameEpoch } from '#shared/pipeline/history/topic-state.ts'
import type { EventStore, Head, StoredEvent, Stream } from '#shared/pipeline/ports.ts'

type Topic = { epoch: string; heads: Map<number, Head> }

/**
 * An EventStore in memory, for tests. `yieldPoint` is awaited wherever the real store awaits a request; `now` returns
 * milliseconds.
 */
export function memoryEventStore(
  yieldPoint: () => Promise<void> = async () => {},
  now: () => number = Date.now,
): EventStore {
  const topics = new Map<string, Topic>()
  const streams = new Map<string, Map<number, StoredEvent>>()
  const streamOf = ({ topic, epoch, partition }: Stream) => {
    const key = JSON.stringify([topic, epoch, partition])
    const stream = streams.get(key) ?? new Map<number, StoredEvent>()
    streams.set(key, stream)
    return stream
  }
  const topicOf = (name: string) => {
    const topic = topics.get(name) ?? { epoch: nameEpoch(now(), Math.random()), heads: new Map() }
    topics.set(name, topic)
    return topic
  }
  return {
    async topic(name) {
      await yieldPoint()
      const { epoch, heads } = topicOf(name)
      return { epoch, heads: new Map(heads) }
    },
    async renewEpoch(name, old) {
      await yieldPoint()
      const topic = topicOf(name)
      if (topic.epoch === old)
        topics.set(name, { epoch: nameEpoch(now(), Math.random(), old), heads: new Map() })
      return topicOf(name).epoch
    },
    async put(stream, events) {
      const writes = events.map(async (event) => {
        await yieldPoint()
        streamOf(stream).set(event.offset, structuredClone(event))
      })
      await Promise.all(writes) // in any order, as in a batch write
    },
    async advance({ topic: name, epoch, partition }, head, known) {
      await yieldPoint()
      const { epoch: current, heads } = topicOf(name)
      if (current !== epoch || heads.get(partition)?.offset !== known?.offset) return false
      heads.set(partition, head)
      return true
    },
    async read(stream, { after, upTo, limit, newestFirst = false }) {
      await yieldPoint()
      const found = [...streamOf(stream).values()].filter(({ offset }) => offset > after && offset <= upTo)
      found.sort((a, b) => (newestFirst ? b.offset - a.offset : a.offset - b.offset))
      return found.slice(0, limit)
    },
  }
}
