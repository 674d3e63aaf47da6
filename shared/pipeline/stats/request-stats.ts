import { isOwnChannel, patternsCovering } from '#shared/core/channel.ts'
import type { ClaimStore } from '#shared/pipeline/claim-store.ts'
import type { SubscriptionStore } from '#shared/pipeline/ports.ts'
import { STATS_CHANNEL, STATS_SLOT_MS, type StatsCall } from './stats-call.ts'

export type RequestStatsDeps = {
  readonly claims: Pick<ClaimStore, 'lease'>
  /** The subscriptions of every shard. */
  readonly listShards: () => readonly Pick<SubscriptionStore, 'matching'>[]
  /** Calls the `stats` function and does not wait for what it does. */
  readonly call: (call: StatsCall) => Promise<void>
  readonly now: () => number
  readonly newId: () => string
}

/** Tells that something changed; with `isFirst`, that somebody wants to know from now on. Never throws. */
export type RequestStats = (options?: { readonly isFirst?: boolean }) => Promise<void>

/** Who asks for `**` is told of events, not of Tidewire itself, unless somebody asks for that. */
const PATTERNS = patternsCovering(STATS_CHANNEL).filter(isOwnChannel)

/** Whether a subscription to a pattern is one to the statistics. */
export function wantsStats(patterns: readonly string[]): boolean {
  return patterns.some((pattern) => PATTERNS.includes(pattern))
}

/**
 * Makes the function that asks for the statistics to be told. Of all who ask within a slot of two seconds one calls
 * the `stats` function, which reads them when the slot is over: so what changed within the slot is among them, and
 * whatever changes later has a slot of its own. Nothing happens while nobody is subscribed. What goes wrong here is
 * logged: it must not fail what was done, and the next change asks again.
 */
export function statsRequester({ claims, listShards, call, now, newId }: RequestStatsDeps): RequestStats {
  let asked = -1
  return async ({ isFirst = false } = {}) => {
    const slot = Math.floor(now() / STATS_SLOT_MS)
    if (slot <= asked && !isFirst) return
    asked = slot
    try {
      if (!(await isWanted())) return
      const lease = await claims.lease({ source: STATS_CHANNEL, id: `slot-${slot}` }, newId())
      if (lease === 'taken') await call({ at: (slot + 1) * STATS_SLOT_MS })
    } catch (error) {
      console.error(error)
    }
  }

  async function isWanted(): Promise<boolean> {
    const found = await Promise.all(listShards().map((shard) => shard.matching(PATTERNS)))
    return found.some((byPattern) => [...byPattern.values()].some((all) => all.length > 0))
  }
}
