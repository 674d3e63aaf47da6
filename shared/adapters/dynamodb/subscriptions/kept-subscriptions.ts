import type { Item } from '#shared/adapters/dynamodb/dynamo-requests.ts'
import type { Subscription } from '#shared/pipeline/ports.ts'
import { toSubscription } from './subscription-rows.ts'

type Row = { readonly subscription: Subscription; readonly expires: number }

/** The subscriptions of a pattern in memory, as of a version of the pattern or a later one. */
export type KeptRows = ReturnType<typeof keepRows>

/** Keeps the rows that were read at a version. */
function keepRows(initial: number, items: readonly Item[], now: () => number) {
  const rows = new Map<string, Row>()
  let version = initial
  let earliest = Number.POSITIVE_INFINITY
  let list: readonly Subscription[] | null = null
  put(items)

  return {
    version: () => version,
    size: () => rows.size,
    /** Returns the subscriptions that have not expired. The array does not change later. */
    list(): readonly Subscription[] {
      if (earliest <= now()) dropExpired()
      list ??= Array.from(rows.values(), ({ subscription }) => subscription)
      return list
    },
    /** Takes over rows that were read again at a later version: `found` has those of `names` that still exist. */
    update(later: number, names: readonly string[], found: readonly Item[]): void {
      for (const name of names) rows.delete(name)
      put(found)
      version = later
    },
  }

  function put(found: readonly Item[]): void {
    for (const item of found) {
      const expires = Number(item.expires)
      if (expires <= now()) continue
      rows.set(String(item.subscriber), { subscription: toSubscription(item), expires })
      earliest = Math.min(earliest, expires)
    }
    list = null
  }

  /** At most one pass a second: `expires` is in whole seconds. */
  function dropExpired(): void {
    earliest = Number.POSITIVE_INFINITY
    for (const [name, { expires }] of rows) {
      if (expires <= now()) rows.delete(name)
      else earliest = Math.min(earliest, expires)
    }
    list = null
  }
}

type Limits = { readonly patterns: number; readonly subscriptions: number }

/**
 * Keeps the subscriptions of patterns in memory: those of the patterns that were used last, within limits on the
 * number of patterns and on the subscriptions of all of them together. The last one is always kept. `now` returns
 * seconds since the epoch.
 */
export function keptSubscriptions(limits: Limits, now: () => number) {
  const patterns = new Map<string, KeptRows>()
  return {
    /** Returns what is kept of a pattern, which its channel key identifies. */
    get(pattern: string): KeptRows | undefined {
      const kept = patterns.get(pattern)
      if (kept !== undefined) {
        patterns.delete(pattern)
        patterns.set(pattern, kept)
      }
      return kept
    },

    /** Keeps all rows of a pattern instead of what was kept before. */
    replace(pattern: string, version: number, items: readonly Item[]): KeptRows {
      const kept = keepRows(version, items, now)
      patterns.delete(pattern)
      patterns.set(pattern, kept)
      shrink()
      return kept
    },
  }

  function shrink(): void {
    let total = 0
    for (const kept of patterns.values()) total += kept.size()
    for (const [pattern, kept] of patterns) {
      const fits = patterns.size <= limits.patterns && total <= limits.subscriptions
      if (fits || patterns.size === 1) return
      patterns.delete(pattern)
      total -= kept.size()
    }
  }
}
