import type { DomainEvent, Emission, FoldInput, View } from '#shared/domain/define-domain.ts'
import { market } from '#shared/domain/market/market.ts'
import { createCatalog } from '#shared/pipeline/catalog.ts'
import { applyEvent, mergeParts, type ViewPart } from '#shared/pipeline/views/apply-event.ts'

const PARTITIONS = 3
const EPOCH = 'e1'
const catalog = createCatalog([market])
const views = Object.entries(market.views ?? {})

type Stream = { readonly log: DomainEvent[]; folded: number; readonly seen: Set<string> }
export type WorldOptions = {
  /** Which of so many streams is folded next, and how many of so many events make the batch. */
  readonly choose?: (count: number) => number
  /** Whether a worker dies after it appended what follows from a batch, before it saved the parts. */
  readonly dies?: () => boolean
}

/** The market over a log and parts in memory, folded as the pipeline folds: batch by batch, with repeats after crashes. */
export type MarketWorld = {
  /** Appends an event; throws if it does not fit its schema. */
  readonly post: (type: string, data: object, time?: string) => void
  /** Folds until nothing is left to fold. */
  readonly settle: () => void
  readonly postAndSettle: (type: string, data: object, time?: string) => void
  readonly parts: () => readonly [string, ViewPart][]
  /** The parts as a fold of the whole log into empty tables makes them, which emits nothing. */
  readonly rebuild: () => readonly [string, ViewPart][]
  /** Returns what a reader receives. */
  readonly read: <Presented>(view: string, key: string, now?: number) => Presented
  /** Every event of a type, once each, in the order of the log. */
  readonly events: (type: string) => readonly DomainEvent[]
}

export function createMarket({ choose = () => 0, dies = () => false }: WorldOptions = {}): MarketWorld {
  const streams = new Map<string, Stream>()
  const parts = new Map<string, ViewPart>()
  let ids = 0

  const append = (event: DomainEvent) => {
    const topic = catalog.topicOf(event.category ?? '')
    const name = `${topic}/${partitionOf(event.partitionkey ?? event.id)}`
    const stream = streams.get(name) ?? { log: [], folded: 0, seen: new Set() }
    streams.set(name, stream)
    stream.log.push(event)
  }
  const post = (type: string, data: object, time = new Date(ids * 1000).toISOString()) =>
    append(complete({ type, data, time }, `p-${ids++}`))
  const foldBatch = () => {
    const waiting = [...streams].filter(([, { log, folded }]) => folded < log.length)
    const [name, stream] = waiting[choose(waiting.length)] ?? []
    if (name === undefined || stream === undefined) return false
    const size = 1 + choose(stream.log.length - stream.folded)
    const changed = new Map<string, ViewPart>()
    const seen = new Set<string>()
    for (let offset = stream.folded; offset < stream.folded + size; offset++) {
      const event = stream.log[offset]
      if (event === undefined || stream.seen.has(event.id) || seen.has(event.id)) continue
      seen.add(event.id)
      const input = inputAt(name, offset, event)
      foldEvent(input, (key) => changed.get(key) ?? parts.get(key) ?? null, changed).map(append)
    }
    if (dies()) return true
    for (const [key, part] of changed) parts.set(key, part)
    for (const id of seen) stream.seen.add(id)
    stream.folded += size
    return true
  }
  const settle = () => {
    while (foldBatch());
  }
  return {
    post,
    settle,
    postAndSettle: (...args) => {
      post(...args)
      settle()
    },
    parts: () => sorted(parts),
    rebuild: () => {
      const rebuilt = new Map<string, ViewPart>()
      for (const [name, { log }] of streams) {
        const seen = new Set<string>()
        for (const [offset, event] of log.entries()) {
          if (!seen.has(event.id))
            foldEvent(inputAt(name, offset, event), (key) => rebuilt.get(key) ?? null, rebuilt)
          seen.add(event.id)
        }
      }
      return sorted(rebuilt)
    },
    read: <Presented>(name: string, key: string, now = 0) => {
      const view = market.views?.[name] as View
      const found = [...parts].filter(([id]) => id.startsWith(`${name}|${key}|`)).map(([, part]) => part)
      const state = mergeParts(view, found) ?? view.initial(key)
      return (view.present ? view.present(state, now, key) : state) as Presented
    },
    events: (type) => {
      const ids = new Set<string>()
      const all = [...streams.values()].flatMap(({ log }) => log)
      return all.filter((event) => event.type === type && !ids.has(event.id) && ids.add(event.id))
    },
  }
}

function sorted(parts: ReadonlyMap<string, ViewPart>): readonly [string, ViewPart][] {
  return [...parts].sort(([a], [b]) => (a < b ? -1 : 1))
}

function inputAt(stream: string, offset: number, event: DomainEvent): FoldInput {
  const [topic = '', partition] = stream.split('/')
  return { topic, partition: Number(partition), offset, event }
}

type PipelineEvent = Parameters<typeof applyEvent>[1]['event']

/** Folds one event into the parts of all views. Returns the events that follow. */
function foldEvent(
  input: FoldInput,
  partOf: (key: string) => ViewPart | null,
  changed: Map<string, ViewPart>,
): DomainEvent[] {
  const positioned = { ...input, event: input.event as PipelineEvent, epoch: EPOCH }
  return views.flatMap(([name, view]) => {
    const id = (key: string) => `${name}|${key}|${input.topic}|${input.partition}`
    return applyEvent(view, positioned, (key) => partOf(id(key))).flatMap(({ before, after }) => {
      changed.set(id(after.key), JSON.parse(JSON.stringify(after)) as ViewPart)
      const emissions = view.emit?.(before, input, after.state, after.key) ?? []
      return emissions.map((emission, n) =>
        complete(
          { ...(input.event.time && { time: input.event.time }), ...emission },
          `${id(after.key)}@${input.offset}#${n}`,
        ),
      )
    })
  })
}

/** Returns an event completed by the catalog; throws if it does not fit its schema. */
function complete(emission: Emission, id: string): DomainEvent {
  const definition = market.events[emission.type]
  if (definition === undefined) throw new Error(`${emission.type} is not in the catalog`)
  const { category, key, schema } = definition
  const checked = schema.safeParse(emission.data)
  if (!checked.success)
    throw new Error(`${emission.type}: ${checked.error.issues.map(({ message }) => message).join('; ')}`)
  const channel = typeof category === 'string' ? category : category?.of(emission.data)
  const partitionkey = key?.(emission.data)
  return {
    id,
    source: '/test',
    category: channel ?? emission.type,
    ...(partitionkey !== undefined && { partitionkey }),
    ...emission,
  }
}

function partitionOf(key: string): number {
  let hash = 0
  for (const character of key) hash = (hash * 31 + character.charCodeAt(0)) % 1_000_003
  return hash % PARTITIONS
}
