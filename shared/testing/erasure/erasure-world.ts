import type { CloudEvent } from '#shared/core/event.ts'
import { domains } from '#shared/domain/catalog.ts'
import { accept } from '#shared/pipeline/accept/accept.ts'
import { completeEvent } from '#shared/pipeline/accept/check-event.ts'
import { createCatalog } from '#shared/pipeline/catalog.ts'
import { recordDecoder } from '#shared/pipeline/consume/consume.ts'
import { createKnownHeads, storeBatch } from '#shared/pipeline/deliver/store-batch.ts'
import type { EraseDeps } from '#shared/pipeline/lifecycle/erase-event.ts'
import { lifecyclesOf } from '#shared/pipeline/lifecycle/lifecycles.ts'
import type { EventStore, KafkaRecord, NewRecord, StoredEvent } from '#shared/pipeline/ports.ts'
import { foldBatch } from '#shared/pipeline/views/fold.ts'
import { viewsOf } from '#shared/pipeline/views/views.ts'
import { allLetters } from '#shared/testing/dead-letters/letters.ts'
import { memoryClaimStore } from '#shared/testing/memory/memory-claim-store.ts'
import { memoryDeadLetterStore } from '#shared/testing/memory/memory-dead-letter-store.ts'
import { memoryEventStore } from '#shared/testing/memory/memory-event-store.ts'
import { memoryViewStore } from '#shared/testing/memory/memory-view-store.ts'
import { runRebuild } from '#shared/testing/views/run-rebuild.ts'

const PARTITIONS = 2
const NOW = Date.parse('2026-03-01T10:00:00Z')

/** Records in memory, in partitions by their key unless one is given. */
function memoryKafka() {
  const records: KafkaRecord[] = []
  const lengthOf = (topic: string, partition: number) =>
    records.filter((one) => one.topic === topic && one.partition === partition).length
  function appendOne({ topic, key, value, headers, partition: given }: NewRecord) {
    const sum = [...key].reduce((total, letter) => total + letter.charCodeAt(0), 0)
    const partition = given ?? sum % PARTITIONS
    const offset = lengthOf(topic, partition)
    const named = Object.entries(headers).map(([name, text]) => ({ name, value: Buffer.from(text) }))
    const timestamp = NOW + records.length
    records.push({ topic, partition, offset, timestamp, key: Buffer.from(key), value, headers: named })
    return { topic, partition, offset }
  }
  return { records, lengthOf, append: async (wanted: readonly NewRecord[]) => wanted.map(appendOne) }
}

/**
 * The pipeline of all domains in memory, without sockets: what is appended is stored and folded when somebody waits, or
 * by `settle`.
 */
export function createErasureWorld() {
  const catalog = createCatalog(domains)
  const views = viewsOf(domains)
  const decode = recordDecoder(catalog, () => 'signed')
  const [store, claims, viewStore] = [memoryEventStore(), memoryClaimStore(), memoryViewStore()]
  const deadLetters = memoryDeadLetterStore()
  const { records, append, lengthOf } = memoryKafka()
  const heads = createKnownHeads()
  const spansOf = (topic: string) =>
    Array.from({ length: PARTITIONS }, (_, partition) => {
      return { topic, partition, from: 0, end: lengthOf(topic, partition) }
    })
  let consumed = 0
  let elapsed = 0

  const storing = { store, claims, deadLetters, catalog, decode, heads }
  const folding = { ...storing, viewStore, views, kafka: { append } }

  /** Stores and folds what was appended, and what follows from it. */
  async function settle(): Promise<void> {
    while (consumed < records.length) {
      const batch = records.slice(consumed)
      consumed = records.length
      for (const own of Map.groupBy(batch, ({ topic, partition }) => `${topic}-${partition}`).values()) {
        await storeBatch(own, storing)
        await foldBatch(own, folding)
      }
    }
  }

  /** Rebuilds every stream from all of its records, as a replay of views does. */
  async function rebuild(): Promise<void> {
    await settle()
    await runRebuild([...views.topics(catalog)], {
      store,
      viewStore,
      groupOf: (topic) => topic,
      fold: async (own) => void (await foldBatch(own, folding, { isRebuilder: true })),
      reader: {
        held: async (topics) => topics.flatMap(spansOf),
        committed: async () => new Map(),
        read: async (spans, take) => {
          for (const { topic, partition } of spans)
            for (const one of records.filter((own) => own.topic === topic && own.partition === partition))
              await take([one])
        },
      },
    })
  }

  async function storedEvents(): Promise<StoredEvent[]> {
    const read = catalog.names.flatMap((topic) =>
      Array.from({ length: PARTITIONS }, async (_, partition) => {
        const { epoch } = await store.topic(topic)
        return store.read({ topic, epoch, partition }, { after: -1, upTo: 10_000, limit: 10_000 })
      }),
    )
    return (await Promise.all(read)).flat()
  }

  /** Returns everything that the tables have, as text: events, states and dead letters. */
  async function dump(): Promise<string> {
    const states = views.all.map(({ name }) => viewStore.read(name, { limit: 10_000 }))
    const letters = (await allLetters(deadLetters, catalog.names)).map(({ value, ...letter }) => {
      return { ...letter, value: value && Buffer.from(value, 'base64').toString() }
    })
    return JSON.stringify({ events: await storedEvents(), states: await Promise.all(states), letters })
  }

  const deps: EraseDeps = {
    store,
    claims,
    catalog,
    viewStore,
    views,
    deadLetters,
    lifecycles: lifecyclesOf(domains),
    retention: { ofTopic: () => 3600 },
    kafka: { append },
    newId: () => `made-${records.length}`,
    reader: {
      held: async (topics) => topics.flatMap(spansOf),
    },
    clock: {
      now: () => NOW,
      elapsed: () => elapsed,
      sleep: async (ms) => {
        elapsed += ms
        await settle()
      },
    },
  }

  return {
    deps,
    deadLetters,
    viewStore,
    records,
    settle,
    rebuild,
    storedEvents,
    dump,
    /** The store as a worker has it that was told of nothing since it began. */
    storing: (over: Partial<EventStore> = {}) => ({
      ...storing,
      store: { ...store, ...over },
      heads: createKnownHeads(),
    }),
    /** Accepts an event of a type, and waits until it and what follows from it are folded. */
    async publish(draft: Partial<CloudEvent> & { readonly id: string; readonly type: string }) {
      const event = completeEvent({ source: '/test', ...draft }, { ...deps, now: () => new Date(NOW) })
      const [receipt] = await accept([event as CloudEvent], new Set(), { ...deps, kafka: { append } })
      await settle()
      if (receipt === undefined) throw new Error(`no receipt for ${draft.id}`)
      return receipt
    },
  }
}
