import { type PresentedStats, statsView } from '#shared/domain/tidewire.ts'
import type { SubscriptionStore } from '#shared/pipeline/ports.ts'
import { presentParts } from '#shared/pipeline/views/read-view.ts'
import type { ViewStore } from '#shared/pipeline/views/view-store.ts'

export type ReadStatsDeps = {
  readonly viewStore: Pick<ViewStore, 'read'>
  readonly subscriptions: Pick<SubscriptionStore, 'countConnections'>
  readonly clock: { readonly now: () => number }
}

/** Returns what the view `tidewire/stats` counts, and how many connections there are. */
export async function readStats({ viewStore, subscriptions, clock }: ReadStatsDeps) {
  const [{ parts }, connections] = await Promise.all([
    viewStore.read('tidewire/stats', { key: '', limit: 1 }),
    subscriptions.countConnections(),
  ])
  const now = clock.now()
  const stats = presentParts(statsView, parts, '', now) as PresentedStats
  return { ...stats, connections, time: new Date(now).toISOString() }
}
