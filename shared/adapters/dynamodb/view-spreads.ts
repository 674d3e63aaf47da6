import { Buffer } from 'node:buffer'
import { hashOf } from './hash.ts'

/**
 * Over how many hash keys the parts of a view are spread (docs/adr/0019): DynamoDB takes 1,000 write units a second for
 * one. If it changes, the views must be rebuilt (`tidewire replay --views`).
 */
export const SPREADS = 8

/** The hash keys of a view: `port/cases/0` to `port/cases/7`. */
export function spreadsOf(view: string): string[] {
  return Array.from({ length: SPREADS }, (_, spread) => `${view}/${spread}`)
}

/** The hash key of the parts of one key of a view. */
export function spreadOf(view: string, key: string): string {
  return `${view}/${hashOf(key) % SPREADS}`
}

/** The view of a hash key. */
export function viewOf(spread: string): string {
  return spread.slice(0, spread.lastIndexOf('/'))
}

/** Sorted items of one spread: returns at most `count` after the item `last`, and fewer only if there are no more. */
export type ReadSpread<T> = (last: T | null, count: number) => Promise<readonly T[]>

/** How much larger than the first read of a spread a later one is at most; each is twice the one before. */
const GROWTH = 8

/**
 * Merges sorted sources by the bytes of `nameOf`, as DynamoDB sorts. It reads the sources in parallel, `count` items of
 * each at first, and goes on only with those that it needs.
 */
export async function* inOrder<T>(
  sources: readonly ReadSpread<T>[],
  nameOf: (item: T) => string,
  count: number,
): AsyncGenerator<T, void> {
  const queues = sources.map((read) => openQueue(read, nameOf, count))
  for (;;) {
    await Promise.all(queues.map((queue) => queue.fill()))
    let lowest: (typeof queues)[number] | null = null
    for (const queue of queues) {
      const name = queue.name()
      const least = lowest?.name()
      if (name && (!least || Buffer.compare(name, least) < 0)) lowest = queue
    }
    const item = lowest?.take()
    if (item === undefined) return
    yield item
  }
}

type Named<T> = { readonly item: T; readonly name: Buffer }

function openQueue<T>(read: ReadSpread<T>, nameOf: (item: T) => string, count: number) {
  let waiting: Named<T>[] = []
  let last: T | null = null
  let isRead = false
  let size = count
  return {
    /** Reads on if nothing is left of what was read. */
    async fill(): Promise<void> {
      if (waiting.length > 0 || isRead) return
      const items = await read(last, size)
      waiting = items.map((item) => ({ item, name: Buffer.from(nameOf(item)) }))
      last = items.at(-1) ?? last
      isRead = items.length < size
      size = Math.min(size * 2, count * GROWTH)
    },
    name: () => waiting[0]?.name,
    take: () => waiting.shift()?.item,
  }
}

/** How many items to read of each spread first, so that most pages of so many keys need no second read. */
export function firstCount(keys: number): number {
  const average = keys / SPREADS
  return Math.ceil(average + 1.5 * Math.sqrt(average))
}
