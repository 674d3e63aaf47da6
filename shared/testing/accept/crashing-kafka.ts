import { Refusal } from '#shared/core/refusal.ts'
import type { Catalog } from '#shared/pipeline/catalog.ts'
import type { EventLog, KafkaRecord, NewRecord } from '#shared/pipeline/ports.ts'

import type { Scheduler } from '#shared/testing/delivery/scheduler.ts'
import type { Random } from '#shared/testing/random.ts'

const PARTITIONS = 2

export type CrashingKafka = EventLog & { readonly logs: ReadonlyMap<string, readonly KafkaRecord[]> }

/**
 * Kafka in memory with every fault that a producer can meet. An append takes one or more steps for each partition. It may
 * fail with none, some or all of its records written, may write after it has failed, and may write twice.
 */
export function crashingKafka(
  catalog: Catalog,
  { random, scheduler, faults }: { random: Random; scheduler: Scheduler; faults: () => number },
): CrashingKafka {
  const logs = new Map<string, KafkaRecord[]>()
  for (const topic of catalog.names)
    for (let partition = 0; partition < PARTITIONS; partition++) logs.set(`${topic}-${partition}`, [])
  const mayGoWrong = (likelihood: number) => random.next() < likelihood * faults()

  function write({ topic, key, value, headers }: NewRecord) {
    const partition = [...key].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % PARTITIONS
    const log = logs.get(`${topic}-${partition}`) ?? []
    const offset = log.length
    const timestamp = 1_000_000 + offset
    const named = Object.entries(headers).map(([name, text]) => ({ name, value: Buffer.from(text) }))
    log.push({ topic, partition, offset, timestamp, key: Buffer.from(key), value, headers: named })
    return { topic, partition, offset }
  }

  return {
    logs,
    async append(records) {
      const positions = []
      for (const record of records) {
        await scheduler.yieldPoint()
        if (mayGoWrong(0.04)) {
          if (mayGoWrong(0.5)) scheduler.spawn('a late write', () => writeLate(record))
          throw new Refusal('unavailable', 'Kafka did not respond')
        }
        if (mayGoWrong(0.04)) write(record)
        positions.push(write(record))
      }
      await scheduler.yieldPoint()
      if (mayGoWrong(0.04)) throw new Refusal('unavailable', 'the response was lost')
      return positions
    },
  }

  async function writeLate(record: NewRecord): Promise<void> {
    for (let step = random.pick(50); step >= 0; step--) await scheduler.yieldPoint()
    write(record)
  }
}
