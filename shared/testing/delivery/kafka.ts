import { Buffer } from 'node:buffer'
import type { CloudEvent } from '#shared/core/event.ts'
import type { Catalog } from '#shared/pipeline/catalog.ts'
import type { EventLog, KafkaRecord, Span } from '#shared/pipeline/ports.ts'

import type { Random } from '#shared/testing/random.ts'

export type Kafka = ReturnType<typeof createKafka>

const CHANNELS = ['port.a', 'port.b', 'port.a.deep', 'other.a', 'other.b'] as const
const HEADERS = [{ name: 'content-type', value: Buffer.from('application/cloudevents+json') }]
/** Larger than any frame, so the event is read over HTTP. */
const HUGE = 'x'.repeat(129 * 1024)

/** Topics with their records and the committed offsets of each consumer group. */
export function createKafka(random: Random, catalog: Catalog, partitions: number, groups: number) {
  const logs = new Map<string, KafkaRecord[]>()
  for (const topic of catalog.names)
    for (let partition = 0; partition < partitions; partition++) logs.set(`${topic}-${partition}`, [])
  const keys = [...logs.keys()]
  const committed = Array.from({ length: groups }, () => new Map(keys.map((key) => [key, 0])))
  let published: CloudEvent[] = []
  let made = 0
  let lives = 0
  let hugeLeft = random.next() < 0.03 ? 1 : 0

  /** A later incarnation of a topic has later times. */
  const timeOf = (offset: number) => 1_000_000 * (1 + lives) + offset * 10

  function makeEvent(): CloudEvent {
    const again = published[random.pick(published.length)]
    if (again && random.next() < 0.12) return again
    const severity = random.oneOf(['critical', 'low'])
    const common = { specversion: '1.0', source: '/simulation', type: 'simulated', severity } as const
    const data = hugeLeft > 0 && random.next() < 0.2 && hugeLeft-- > 0 ? HUGE : undefined
    const event = { ...common, id: `e${made++}`, category: random.oneOf(CHANNELS) }
    published.push(data === undefined ? event : { ...event, data })
    return published.at(-1) ?? event
  }

  /** Appends a record: an event, a repeated event, or an invalid record. The clocks of producers differ. */
  function produce(): void {
    const event = makeEvent()
    const topic =
      random.next() < 0.02 ? random.oneOf(['port', 'events']) : catalog.topicOf(event.category ?? '')
    const partition = random.pick(partitions)
    const log = logs.get(`${topic}-${partition}`) ?? []
    const text = random.next() < 0.08 ? '{"specversion": "1.0"' : JSON.stringify(event)
    const timestamp = timeOf(log.length) + random.pick(60)
    const record = { topic, partition, offset: log.length, timestamp, key: null, value: Buffer.from(text) }
    log.push({ ...record, headers: HEADERS })
  }

  const spansOf = (topic: string): Span[] =>
    Array.from({ length: partitions }, (_, partition) => {
      const end = logs.get(`${topic}-${partition}`)?.length ?? 0
      return { topic, partition, from: 0, end }
    })

  /** Appends records of the functions; equal keys go to the same partition. */
  const append: EventLog['append'] = async (records) =>
    records.map(({ topic, key, value }) => {
      const partition = [...key].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % partitions
      const log = logs.get(`${topic}-${partition}`) ?? []
      const position = { topic, partition, offset: log.length }
      log.push({ ...position, timestamp: timeOf(log.length), key: null, value, headers: HEADERS })
      return position
    })

  return {
    append,
    logs: logs as ReadonlyMap<string, readonly KafkaRecord[]>,
    produce,
    /** Returns the next records of some partitions from the committed offset, or from a little before it. */
    batch: (group: number, own: readonly string[], most: number, before = 0): KafkaRecord[] =>
      own.flatMap((key) => {
        const from = Math.max(0, (committed[group]?.get(key) ?? 0) - before)
        return (logs.get(key) ?? []).slice(from, from + most)
      }),
    commit(group: number, { topic, partition, offset }: KafkaRecord): void {
      const key = `${topic}-${partition}`
      committed[group]?.set(key, Math.max(committed[group]?.get(key) ?? 0, offset + 1))
    },
    /** The committed offsets of a consumer group in a topic. */
    committed: (group: number, topic: string): Map<number, number> =>
      new Map(
        spansOf(topic).map(({ partition }) => [
          partition,
          committed[group]?.get(`${topic}-${partition}`) ?? 0,
        ]),
      ),
    /** Deletes a topic and creates it again: its offsets begin at 0, also for every consumer group. */
    recreate(topic: string): void {
      lives++
      published = [] // no event of before comes again, so that a client's events can be told apart
      for (const { partition } of spansOf(topic)) {
        logs.set(`${topic}-${partition}`, [])
        for (const own of committed) own.set(`${topic}-${partition}`, 0)
      }
    },
    /** Puts a topic back to an earlier state: each partition ends at an offset, also for every consumer group. */
    restore(topic: string, ends: ReadonlyMap<number, number>): void {
      lives++
      published = []
      for (const [partition, end] of ends) {
        const key = `${topic}-${partition}`
        logs.set(key, (logs.get(key) ?? []).slice(0, end))
        for (const own of committed) own.set(key, Math.min(own.get(key) ?? 0, end))
      }
    },
    spansOf,
    isConsumed: () =>
      committed.every((own) => [...own].every(([key, offset]) => offset === logs.get(key)?.length)),
  }
}
