import type { FetchView } from '#shared/client/http.ts'
import type { ViewDeps } from '#shared/client/view.ts'
import type { Domain } from '#shared/domain/define-domain.ts'
import type { EventLog, EventStore, Stream } from '#shared/pipeline/ports.ts'
import type { ViewPart } from '#shared/pipeline/views/apply-event.ts'
import type { FoldDeps } from '#shared/pipeline/views/fold.ts'
import { createFoldMemory, type FoldMemory, type KnownProgress } from '#shared/pipeline/views/fold-memory.ts'
import { readParts } from '#shared/pipeline/views/read-view.ts'
import type { FoldProgress, ViewStore } from '#shared/pipeline/views/view-store.ts'
import { viewsOf } from '#shared/pipeline/views/views.ts'
import { createWorld, type World } from '#shared/testing/delivery/world.ts'
import { memoryViewStore } from '#shared/testing/memory/memory-view-store.ts'
import { EXAMPLES } from './example-views.ts'

/** Breaks a rule of folding or following a view without a change of the product, by wrapping its dependencies. */
export type ViewMutation = {
  readonly client?: (deps: ViewDeps) => ViewDeps
  readonly serve?: (serve: ServeView) => ServeView
  readonly fold?: (deps: FoldDeps) => FoldDeps
}

/** Applies events again that a part already includes. */
const forgetOffsets: ViewMutation = {
  client: (deps) => {
    const fetchView: FetchView = async (address, signal) => {
      const { parts, cursor } = await deps.fetchView<never>(address, signal)
      return { parts: parts.map((part) => ({ ...part, offset: -1 })), cursor }
    }
    return { ...deps, fetchView }
  },
}

/** Reads the cursor after the parts. */
const cursorAfterParts: ViewMutation = {
  serve: (serve) => async (world, url) => {
    const page = await serve(world, url)
    const { cursor } = await serve(world, url)
    return { ...page, cursor }
  },
}

/** Continues from the cursor of the last page. */
const cursorOfLastPage: ViewMutation = {
  serve: (serve) => async (world, url) => {
    const page = await serve(world, url)
    const parts = [...page.parts]
    let last = page
    while (last.next) {
      const next = new URL(url)
      next.searchParams.set('next', last.next)
      last = await serve(world, next)
      parts.push(...last.parts)
    }
    return { parts, cursor: last.cursor }
  },
}

/** Subscribes from `latest`. */
const fromLatest: ViewMutation = {
  client: (deps) => ({
    ...deps,
    subscribe: (request, ...rest) => deps.subscribe({ ...request, since: 'latest' }, ...rest),
  }),
}

/** Continues with the old state although events were lost. */
const ignoreGap: ViewMutation = {
  client: (deps) => ({
    ...deps,
    subscribe: (request, onEvent, { onGap: _, ...handlers }) => deps.subscribe(request, onEvent, handlers),
  }),
}

/** Uses what is known also for a batch that does not follow it. */
const knownOf = new WeakMap<FoldMemory, Map<string, KnownProgress>>()
const foldAnyBatch: ViewMutation = {
  fold: (deps) => {
    const { memory } = deps
    if (memory === undefined) return deps
    const known = knownOf.get(memory) ?? new Map<string, KnownProgress>()
    knownOf.set(memory, known)
    const keep: FoldMemory['keep'] = (progress, ...rest) => {
      known.set(`${progress.stream.topic}-${progress.stream.partition}`, progress)
      memory.keep(progress, ...rest)
    }
    const continuedBy: FoldMemory['continuedBy'] = ({ topic, partition }) =>
      known.get(`${topic}-${partition}`)
    return { ...deps, memory: { ...memory, keep, continuedBy } }
  },
}

/** Continues with what was known although a part was not the one that was replaced. */
const ignoreRefusedSave: ViewMutation = {
  fold: (deps) => ({
    ...deps,
    viewStore: {
      ...deps.viewStore,
      save: async (parts) => {
        await deps.viewStore.save(parts)
        return true
      },
    },
  }),
}

/** Replaces parts of which another worker has saved a later one. */
const saveOverAny: ViewMutation = {
  fold: (deps) => ({
    ...deps,
    viewStore: {
      ...deps.viewStore,
      save: async (parts) => {
        const known = await deps.viewStore.load(parts)
        const replacing = parts.map((part, index) => ({ ...part, replaces: known[index]?.offset ?? null }))
        return deps.viewStore.save(replacing)
      },
    },
  }),
}

/** Reads the progress before the parts are loaded, so that a rebuild may delete them in between. */
const loadAfterProgress: ViewMutation = {
  fold: (deps) => {
    const { viewStore } = deps
    const before = new Map<string, ReadonlyMap<number, FoldProgress>>()
    const load: ViewStore['load'] = async (keys) => {
      for (const topic of new Set(keys.map((key) => key.topic)))
        before.set(topic, await viewStore.progress(topic))
      return viewStore.load(keys)
    }
    const progress: ViewStore['progress'] = async (topic) => {
      const known = before.get(topic)
      before.delete(topic)
      return known ?? viewStore.progress(topic)
    }
    return { ...deps, viewStore: { ...viewStore, load, progress } }
  },
}

/** The rules of folding and following a view, each with the mutation that breaks it. */
export const VIEW_MUTATIONS = {
  applyAboveOffset: forgetOffsets,
  cursorBeforeParts: cursorAfterParts,
  cursorOfFirstPage: cursorOfLastPage,
  subscribeFromCursor: fromLatest,
  beginAgainAfterGap: ignoreGap,
  foldWhatFollows: foldAnyBatch,
  foldAgainAfterRefusal: ignoreRefusedSave,
  saveOverKnown: saveOverAny,
  progressAfterLoad: loadAfterProgress,
} as const satisfies Readonly<Record<string, ViewMutation>>

/** A world that folds. The number of its consumer group is after those of the deliver functions. */
export type ViewWorld = World & {
  readonly viewStore: ViewStore
  /** What each sandbox of the `fold` function knows. It survives the crash of a worker. */
  readonly memories: readonly FoldMemory[]
  readonly foldGroup: number
  readonly viewMutation: ViewMutation
  /** Expires everything up to a random offset of a stream. */
  readonly trim: () => Promise<void>
}

const FOLDING_DOMAIN: Domain = { ...EXAMPLES, topics: { port: ['port.**'] }, events: {} }

const VIEWS = viewsOf([FOLDING_DOMAIN])

/** The dependencies of a sandbox of the `fold` function; which one is left to chance. */
export function foldDeps(world: ViewWorld): FoldDeps {
  const { stores, viewStore, catalog, decode, kafka, scheduler, memories, random, viewMutation } = world
  const append: EventLog['append'] = async (records) => {
    await scheduler.yieldPoint()
    const positions = await kafka.append(records)
    await scheduler.yieldPoint() // written, but the response may be lost
    return positions
  }
  const memory = memories[random.pick(memories.length)]
  const deps: FoldDeps = {
    ...stores,
    viewStore,
    catalog,
    decode,
    kafka: { append },
    views: VIEWS,
    ...(memory && { memory }),
  }
  return viewMutation.fold?.(deps) ?? deps
}

const SANDBOXES = 2

/** A world with views. Events that a client missed may expire before it reconnects. */
export function createViewWorld(
  seed: number,
  { mutation = {}, isTraced = false }: { mutation?: ViewMutation; isTraced?: boolean } = {},
): ViewWorld {
  const world = createWorld(seed, { stores: 'memory', isTraced, folds: 1 })
  const { store, forget } = expiringLog(world.stores.store)
  const trim = async () => {
    // A read takes milliseconds and the retention is seven days, so nothing expires between the check and the read.
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
    memories: Array.from({ length: SANDBOXES }, () => createFoldMemory()),
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
    firstLive: async (stream, head, after) => {
      const upTo = Math.min(expired.get(nameOf(stream)) ?? -1, head.offset)
      return after >= upTo || head.first > upTo ? after + 1 : upTo + 1
    },
  }
  const forget = (stream: Stream, upTo: number) =>
    void expired.set(nameOf(stream), Math.max(upTo, expired.get(nameOf(stream)) ?? -1))
  return { store, forget }
}

type ViewPage = {
  readonly parts: readonly ViewPart[]
  readonly cursor: string
  readonly next?: string | null
}
type ServeView = (world: ViewWorld, url: URL) => Promise<ViewPage>

/** Small, so that there are several pages. */
const LIMIT = 1

/** Returns the body of `GET /views/…?parts=true`. */
export const serveView: ServeView = (world, url) => {
  const [, , domain = '', name = '', key] = url.pathname.split('/').map(decodeURIComponent)
  const view = VIEWS.find(domain, name)
  if (view === null) throw new Error(`there is no view ${name}`)
  const next = url.searchParams.get('next')
  const page = {
    ...(key !== undefined && { key }),
    ...(next !== null && { next }),
    limit: LIMIT,
    shown: 'all' as const,
  }
  return readParts(view, page, { ...world, store: world.stores.store, now: () => 0 })
}
