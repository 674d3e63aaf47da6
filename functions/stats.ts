import { announceStats, type StatsCall } from '#shared/pipeline/stats/stats.ts'
import { catalog, claims, clock, kafka, newId, store, viewStore } from './compose.ts'
import { readStats } from './read-stats.ts'

const deps = {
  kafka,
  store,
  claims,
  clock,
  newId,
  catalog,
  viewStore,
  read: () => readStats({ connectionsAgeMs: 0 }),
}

/** Called when something changed while somebody is subscribed to `tidewire.stats`: tells it there. */
export async function handler(call: StatsCall): Promise<void> {
  try {
    await announceStats(call, deps)
  } catch (error) {
    console.error(error) // the next change tells it
  }
}
