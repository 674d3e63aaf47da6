import type { Domain } from '#shared/domain/define-domain.ts'
import type { EventLog, EventStore, Stream } from '#shared/pipeline/ports.ts'
import type { FoldDeps } from '#shared/pipeline/views/fold.ts'
import type { ViewStore } from '#shared/pipeline/views/view-store.ts'
import { viewsOf } from '#shared/pipeline/views/views.ts'
import { createWorld, type World } from '#shared/testing/delivery/world.ts'
import { memoryViewStore } from '#shared/testing/memory/memory-view-store.ts'
import { EXAMPLES } from './example-views.ts'
import type { ViewMutation } from './view-mutations.ts'

/** A world that folds: its consumer group stands after those of the deliver functions. */
export type ViewWorld = World & {
  readonly viewStore: ViewStore
  readonly foldGroup: number
  readonly viewMutation: ViewMutation
  /** Has everything up to some offset of a stream expire. */
  readonly trim: () => Promise<void>
}

export const FOLDING_DOMAIN: Domain = { ...EXAMPLES, topics: { port: ['port.**'] }, events: {} }

const VIEWS = viewsOf([FOLDING_DOMAIN])

/** What a sandbox of the `fold` function works with. */
export function foldDeps({ stores, viewStore, catalog, decode, kafka, scheduler }: ViewWorld): FoldDeps {
  const append: EventLog['append'] = async (records) => {
    await scheduler.yieldPoint()
    const positions = await kafka.append(records)
    await scheduler.yieldPoint() // written, and the answer may be lost
    return positions
  }
  return {
    ...stores,
    viewStore,
    catalog,
    decode,
    kafka: { append },
    views: VIEWS,
  }
}

/** A world with views; what a client has missed may expire before it comes back. */
export function createViewWorld(
  seed: number,
  { mutation = {}, isTraced = false }: { mutation?: ViewMutation; isTraced?: boolean } = {},
): ViewWorld {
  const world = createWorld(seed, { stores: 'memory', isTraced, folds: 1 })
  const { store, forget } = expiringLog(world.stores.store)
  const trim = async () => {
    // Between looking whether something has expired and reading it lie milliseconds of seven days.
    if ([...world.scheduler.actors].some(({ name }) => /^(message|poll|catch up)/.test(name))) return
    const topic = world.random.oneOf(['port', 'events'])
    const { epoch, heads } = await store.topic(topic)
    for (const [partition, { offset }] of heads) {
      const upTo = world.random.pick(offset + 1)
      world.note(`${topic}-${partition} expires up to ${upTo}`)
      forget({ topic, epoch, partition }, upTo)
    }
  }
  return {
    ...world,
    stores: { ...world.stores, store },
    viewStore: memoryViewStore(world.scheduler.yieldPoint),
    foldGroup: world.shards,
    viewMutation: mutation,
    trim,
  }
}

function expiringLog(inner: EventStore) {
  const expired = new Map<string, number>()
  const nameOf = ({ topic, epoch, partition }: Stream) => `${topic}@${epoch}-${partition}`
  const store: EventStore = {
    ...inner,
    read: (stream, range) => {
      const after = Math.max(range.after, expired.get(nameOf(stream)) ?? -1)
      return inner.read(stream, { ...range, after })
    },
  }
  const forget = (stream: Stream, upTo: number) =>
    void expired.set(nameOf(stream), Math.max(upTo, expired.get(nameOf(stream)) ?? -1))
  return { store, forget }
}
