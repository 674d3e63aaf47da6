import { isOwnChannel, patternsCovering } from '#shared/core/channel.ts'
import { type AcceptDeps, accept } from '#shared/pipeline/accept/accept.ts'
import type { ClaimStore } from '#shared/pipeline/claim-store.ts'
import { logError } from '#shared/pipeline/log-error.ts'
import { type Clock, pollWithin } from '#shared/pipeline/poll.ts'
import type { EventStore, SubscriptionStore } from '#shared/pipeline/ports.ts'
import type { ViewStore } from '#shared/pipeline/views/view-store.ts'

/** The channel of the statistics, and the type of their events. */
const STATS_CHANNEL = 'tidewire.stats'

/** The minimum time between two announcements of the statistics, in milliseconds (docs/adr/0012). */
export const STATS_SLOT_MS = 2000

/**
 * What the `stats` function is called with: when to read the statistics, in milliseconds since the Unix epoch, and an id of
 * this call. After a clock was set back the same times come again.
 */
export type StatsCall = { readonly at: number; readonly id: string }

type RequestStatsDeps = {
  readonly claims: Pick<ClaimStore, 'lease'>
  /** The subscriptions of every shard. */
  readonly listShards: () => readonly Pick<SubscriptionStore, 'matching'>[]
  /** Calls the `stats` function and does not wait for what it does. */
  readonly call: (call: StatsCall) => Promise<void>
  readonly now: () => number
  readonly newId: () => string
}

/** Reports that something changed; with `isFirst`, that somebody subscribed just now. Never throws. */
export type RequestStats = (options?: { readonly isFirst?: boolean }) => Promise<void>

/** Nobody else can write with it, so nobody can take the slot. */
const STATS_SOURCE = 'urn:tidewire:stats'

/** What is leased until the slot ends: one item, which every slot takes over. */
const SLOT = { source: STATS_SOURCE, id: 'slot' }

/** A subscription to `**` gets events, but not Tidewire's own channels: these must be named. */
const PATTERNS = patternsCovering(STATS_CHANNEL).filter(isOwnChannel)

/** Whether a subscription to a pattern is one to the statistics. */
export function wantsStats(patterns: readonly string[]): boolean {
  return patterns.some((pattern) => PATTERNS.includes(pattern))
}

/**
 * Returns the function that requests the statistics to be announced. Of all requests within a slot of two seconds one
 * calls the `stats` function, which reads the statistics when the slot has ended. So a change within the slot is
 * included, and a later change has a slot of its own. Nothing happens while nobody is subscribed. Errors are logged
 * only: they must not fail the work that was done, and the next change makes another request.
 */
export function statsRequester({ claims, listShards, call, now, newId }: RequestStatsDeps): RequestStats {
  let asked = -1
  return async ({ isFirst = false } = {}) => {
    const slot = Math.floor(now() / STATS_SLOT_MS)
    if (slot === asked && !isFirst) return
    asked = slot
    try {
      if (!(await isWanted())) return
      const [at, id] = [(slot + 1) * STATS_SLOT_MS, newId()]
      if ((await claims.lease(SLOT, id, at / 1000)) === 'taken') await call({ at, id })
    } catch (error) {
      logError('the statistics could not be requested', error)
    }
  }

  async function isWanted(): Promise<boolean> {
    const found = await Promise.all(listShards().map((shard) => shard.matching(PATTERNS)))
    return found.some((byPattern) => [...byPattern.values()].some((all) => all.length > 0))
  }
}

export type AnnounceStatsDeps = AcceptDeps & {
  /** Where `deliver` stored the events. */
  readonly store: Pick<EventStore, 'topic'>
  readonly viewStore: Pick<ViewStore, 'progress'>
  readonly clock: Clock
  /** Reads the statistics. */
  readonly read: () => Promise<object>
}

/** The clocks of two function instances differ by less. */
const SKEW_MS = 100
/** How long to wait for stored events to be folded. Later ones are announced with the next change. */
const PATIENCE_MS = 3000

/**
 * Announces the statistics as an event on `tidewire.stats`, when the slot of the call has ended and everything that was
 * stored by then is counted. A repeated call writes no second event. Throws Refusal `unavailable` if Kafka cannot be
 * written.
 */
export async function announceStats({ at, id }: StatsCall, deps: AnnounceStatsDeps): Promise<void> {
  const { clock, read } = deps
  // No call is further ahead than its slot: if it seems so, the clock of this machine was set back meanwhile.
  await clock.sleep(Math.max(0, Math.min(STATS_SLOT_MS, at - clock.now()) + SKEW_MS))
  await pollWithin(async () => ((await isCounted(deps)) ? true : null), PATIENCE_MS, clock)
  const event = {
    specversion: '1.0' as const,
    id: `stats-${at}-${id}`,
    source: STATS_SOURCE,
    type: STATS_CHANNEL,
    category: STATS_CHANNEL,
    severity: 'info',
    partitionkey: STATS_CHANNEL,
    time: new Date(clock.now()).toISOString(),
    datacontenttype: 'application/json',
    data: await read(),
  }
  await accept([event], new Set(), deps)
}

async function isCounted({ catalog, store, viewStore }: AnnounceStatsDeps): Promise<boolean> {
  const counted = await Promise.all(
    catalog.names.map(async (topic) => {
      const [{ epoch, heads }, progress] = await Promise.all([store.topic(topic), viewStore.progress(topic)])
      return [...heads].every(([partition, { offset }]) => {
        const folded = progress.get(partition)
        return folded !== undefined && folded.epoch === epoch && folded.offset >= offset
      })
    }),
  )
  return counted.every(Boolean)
}
