import { type AcceptDeps, accept } from '#shared/pipeline/accept/accept.ts'
import { type Clock, pollWithin } from '#shared/pipeline/poll.ts'
import type { EventStore } from '#shared/pipeline/ports.ts'
import type { ViewStore } from '#shared/pipeline/views/view-store.ts'
import { STATS_CHANNEL, type StatsCall } from './stats-call.ts'

export type AnnounceStatsDeps = AcceptDeps & {
  /** Where `deliver` stored the events. */
  readonly store: Pick<EventStore, 'topic'>
  readonly viewStore: Pick<ViewStore, 'progress'>
  readonly clock: Clock
  /** Reads what is told. */
  readonly read: () => Promise<object>
}

/** The clocks of two function instances differ by less. */
const SKEW_MS = 100
/** What is stored is folded within so long, or is told with the next change. */
const PATIENCE_MS = 3000

/**
 * Tells the statistics as an event on `tidewire.stats`: once the slot of the call is over, and all that was stored by
 * then is counted. Called again it tells nothing more. Throws Refusal `unavailable` where Kafka cannot be written.
 */
export async function announceStats({ at }: StatsCall, deps: AnnounceStatsDeps): Promise<void> {
  const { clock, read } = deps
  await clock.sleep(Math.max(0, at + SKEW_MS - clock.now()))
  await pollWithin(async () => ((await isCounted(deps)) ? true : null), PATIENCE_MS, clock)
  const event = {
    specversion: '1.0' as const,
    id: `stats-${at}`,
    source: '/tidewire',
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
