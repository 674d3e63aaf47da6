import { parseExactJson } from '#shared/core/json/exact-json.ts'
import type { Retention } from '#shared/core/retention.ts'
import {
  type FoldProgress,
  type PartKey,
  rebuildingError,
  type StoredPart,
  type ViewStore,
} from '#shared/pipeline/views/view-store.ts'

type Kept = { readonly part: Omit<StoredPart, 'state'>; readonly state: string; readonly expires: number }

/** How many parts are looked at to delete those of a stream, before the next call goes on. */
const STRETCH = 20

/**
 * A ViewStore in memory, for tests. `yieldPoint` is awaited wherever the real store awaits a request; by default parts
 * are kept for good.
 */
export function memoryViewStore(
  yieldPoint: () => Promise<void> = async () => {},
  now: () => number = Date.now,
  { ofView }: Pick<Retention, 'ofView'> = { ofView: () => undefined },
): ViewStore {
  const kept = new Map<string, Kept>()
  const marks = new Map<string, Map<number, FoldProgress>>()
  /** How far each stream was folded when its rebuild began. */
  const folded = new Map<string, number>()
  const progressOf = (topic: string) => {
    const known = marks.get(topic) ?? new Map<number, FoldProgress>()
    marks.set(topic, known)
    return known
  }
  const live = (one: Kept | undefined): StoredPart | null =>
    one && one.expires > now() ? { ...one.part, state: parseExactJson(one.state) } : null
  const isReplaced = (known: Kept | undefined, { epoch }: Point, replaces: number | null): boolean => {
    if (replaces === null) return known === undefined || known.part.epoch < epoch || known.expires <= now()
    return known?.part.epoch === epoch && known.part.offset === replaces
  }
  const read = (view: string) => {
    const own = [...kept.values()].filter(({ part }) => part.view === view)
    return own
      .map(live)
      .filter((part) => part !== null)
      .sort(compareParts)
  }
  return {
    async load(keys) {
      await yieldPoint()
      return keys.map((key) => live(kept.get(nameOf(key))))
    },

    async save(parts) {
      const writes = parts.map(async ({ replaces, ...part }) => {
        await yieldPoint()
        const known = kept.get(nameOf(part))
        if (replaces === undefined ? known && !isLater(part, known.part) : !isReplaced(known, part, replaces))
          return replaces === undefined
        const { state, view } = part
        const expires = now() + (ofView(view) ?? Number.POSITIVE_INFINITY) * 1000
        kept.set(nameOf(part), { part, state: JSON.stringify(state), expires })
        return true
      })
      return (await Promise.all(writes)).every(Boolean)
    },

    async read(view, { key, after, limit }) {
      await yieldPoint()
      const wanted = read(view).filter(
        (part) => (key === undefined || part.key === key) && (after === undefined || part.key > after),
      )
      const keys = [...new Set(wanted.map((part) => part.key))]
      const page = keys.slice(0, limit)
      const next = keys.length > limit ? (page.at(-1) ?? null) : null
      return { parts: wanted.filter((part) => page.includes(part.key)), next }
    },

    async progress(topic) {
      await yieldPoint()
      return new Map(progressOf(topic))
    },

    async advance({ topic, epoch, partition }, offset, by = { rebuilds: undefined }) {
      await yieldPoint()
      const known = progressOf(topic).get(partition)
      const from = 'rebuilds' in by ? by.from : undefined
      if ('rebuilds' in by && (known?.isRebuilding || known?.rebuilds !== by.rebuilds)) {
        if (from !== undefined) return false
        throw rebuildingError({ topic, partition })
      }
      if (from !== undefined && (known?.epoch !== epoch || known.offset !== from)) return false
      if (known && !isLater({ epoch, offset }, known)) return false
      progressOf(topic).set(partition, { isRebuilding: false, ...known, epoch, offset })
      return true
    },

    async beginRebuild({ topic, epoch, partition }) {
      await yieldPoint()
      const known = progressOf(topic).get(partition)
      const stream = JSON.stringify([topic, epoch, partition])
      if (!known?.isRebuilding) folded.set(stream, known?.epoch === epoch ? known.offset : -1)
      const rebuilds = (known?.rebuilds ?? 0) + 1
      progressOf(topic).set(partition, { epoch, offset: -1, isRebuilding: true, rebuilds })
      return folded.get(stream) ?? -1
    },

    async forgetParts(topic, partitions, from) {
      await yieldPoint()
      const left = [...kept.keys()].sort().filter((name) => from === null || name > from)
      const stretch = left.slice(0, STRETCH)
      for (const name of stretch) {
        const part = kept.get(name)?.part
        if (part?.topic === topic && partitions.includes(part.partition)) kept.delete(name)
      }
      return left.length > STRETCH ? (stretch.at(-1) ?? null) : null
    },

    async endRebuild({ topic, partition }) {
      await yieldPoint()
      const known = progressOf(topic).get(partition)
      if (known) progressOf(topic).set(partition, { ...known, isRebuilding: false })
    },
  }
}

type Point = { readonly epoch: string; readonly offset: number }

function isLater(one: Point, other: Point): boolean {
  return one.epoch === other.epoch ? one.offset > other.offset : one.epoch > other.epoch
}

function nameOf({ view, key, topic, partition }: PartKey): string {
  return JSON.stringify([view, key, topic, partition])
}

function compareParts(a: PartKey, b: PartKey): number {
  return compare(a.key, b.key) || compare(a.topic, b.topic) || a.partition - b.partition
}

function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1
}
