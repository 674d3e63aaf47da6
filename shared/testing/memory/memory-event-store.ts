import { erasedForm, isErased } from '#shared/core/erasure.ts'
import type { Position } from '#shared/core/event.ts'
import { parseExactJson } from '#shared/core/json/exact-json.ts'
import { nameEpoch } from '#shared/pipeline/history/topic-state.ts'
import type { EventStore, Head, StoredEvent, Stream } from '#shared/pipeline/ports.ts'

/** What can be put back to an earlier state, as a table is from a backup: without positions that `keeps` is not true for. */
export type Restorable = { readonly restore: (keeps: (position: Position) => boolean) => void }

type Topic = { epoch: string; heads: Map<number, Head> }

type Kept = { readonly event: StoredEvent; readonly until: number }

/**
 * An EventStore in memory, for tests. `yieldPoint` is awaited wherever the real store awaits a request; `now` returns
 * milliseconds, and events expire `keptMs` after they were stored.
 */
export function memoryEventStore(
  yieldPoint: () => Promise<void> = async () => {},
  now: () => number = Date.now,
  keptMs = Number.POSITIVE_INFINITY,
): EventStore & Restorable {
  const topics = new Map<string, Topic>()
  const streams = new Map<string, Map<number, Kept>>()
  const history = new Map<string, Head[]>()
  const erasedIn = new Map<string, Map<number, string>>()
  const streamOf = ({ topic, epoch, partition }: Stream) => {
    const key = JSON.stringify([topic, epoch, partition])
    const stream = streams.get(key) ?? new Map<number, Kept>()
    streams.set(key, stream)
    return stream
  }
  /** All heads of a stream so far. */
  const headsOf = ({ topic, epoch, partition }: Stream) => {
    const key = JSON.stringify([topic, epoch, partition])
    const earlier = history.get(key) ?? []
    history.set(key, earlier)
    return earlier
  }
  const isLive = ({ until }: Kept) => until > now()
  const sorted = (stream: Stream, upTo: number) => {
    const kept = [...streamOf(stream).values()].filter(({ event }) => event.offset <= upTo)
    return kept.sort((a, b) => a.event.offset - b.event.offset)
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
        streamOf(stream).set(event.offset, {
          event: parseExactJson(JSON.stringify(event)) as StoredEvent,
          until: now() + keptMs,
        })
      })
      await Promise.all(writes) // in any order, as in a batch write
    },
    async advance({ topic: name, epoch, partition }, head, known) {
      await yieldPoint()
      const { epoch: current, heads } = topicOf(name)
      if (current !== epoch || heads.get(partition)?.offset !== known?.offset) return false
      heads.set(partition, head)
      headsOf({ topic: name, epoch, partition }).push(head)
      return true
    },
    async firstLive(stream, head, after) {
      await yieldPoint()
      const above = sorted(stream, head.offset).filter(({ event }) => event.offset > after)
      const [lowest] = above
      if (lowest === undefined || isLive(lowest)) return after + 1
      return above.find(isLive)?.event.offset ?? head.offset + 1
    },
    async firstSince(stream, head, time) {
      await yieldPoint()
      const found = sorted(stream, head.offset).find((kept) => isLive(kept) && kept.event.timestamp >= time)
      return found?.event.offset ?? head.offset + 1
    },
    restore(keeps) {
      for (const [topic, { epoch, heads }] of topics)
        for (const partition of heads.keys()) {
          const stream = { topic, epoch, partition }
          const earlier = headsOf(stream)
          const at = earlier.findLastIndex(({ offset }) => keeps({ topic, partition, offset }))
          earlier.splice(at + 1)
          const head = earlier[at]
          if (head === undefined) heads.delete(partition)
          else heads.set(partition, head)
        }
      for (const [key, kept] of streams) {
        const [topic, , partition] = JSON.parse(key) as [string, string, number]
        for (const offset of kept.keys()) if (!keeps({ topic, partition, offset })) kept.delete(offset)
      }
    },
    async erase(stream, offset, at) {
      await yieldPoint()
      const key = JSON.stringify([stream.topic, stream.epoch, stream.partition])
      const erased = erasedIn.get(key) ?? new Map<number, string>()
      erasedIn.set(key, erased)
      const first = erased.get(offset) ?? at
      erased.set(offset, first)
      await yieldPoint()
      const kept = streamOf(stream).get(offset)
      if (kept === undefined || isErased(kept.event.event)) return
      const event = { ...kept.event, event: erasedForm(kept.event.event, first) }
      streamOf(stream).set(offset, { ...kept, event })
    },
    async erasures({ topic, epoch, partition }, { from, to }) {
      await yieldPoint()
      const erased = erasedIn.get(JSON.stringify([topic, epoch, partition])) ?? new Map<number, string>()
      return new Map([...erased].filter(([offset]) => offset >= from && offset <= to))
    },
    async read(stream, { after, upTo, limit, newestFirst = false, alsoExpired = false }) {
      await yieldPoint()
      const found = sorted(stream, upTo).filter(
        (kept) => kept.event.offset > after && (alsoExpired || isLive(kept)),
      )
      if (newestFirst) found.reverse()
      return found.slice(0, limit).map(({ event }) => event)
    },
  }
}
