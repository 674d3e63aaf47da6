import { type PresentedStats, statsView } from '#shared/domain/tidewire-stats.ts'
import { presentParts } from '#shared/pipeline/views/read-view.ts'
import { subscriptions, viewStore } from './compose.ts'

/** What the view `tidewire/stats` counts, and how many connections there are. */
export async function readStats({ connectionsAgeMs }: { readonly connectionsAgeMs?: number } = {}) {
  const [{ parts }, connections] = await Promise.all([
    viewStore.read('tidewire/stats', { key: '', limit: 1 }),
    subscriptions.countConnections(connectionsAgeMs),
  ])
  const now = Date.now()
  const stats = presentParts(statsView, parts, '', now) as PresentedStats
  return { ...stats, connections, time: new Date(now).toISOString() }
}
