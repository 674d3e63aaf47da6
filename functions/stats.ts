import { type AnnounceStatsDeps, announceStats, type StatsCall } from '#shared/pipeline/stats/stats.ts'
import {
  catalogOf,
  claimStore,
  clock,
  eventStore,
  kafkaLog,
  newId,
  openTables,
  subscriptionShards,
  viewStore,
} from './lib/compose.ts'
import { type Environment, readEnvironment } from './lib/environment.ts'
import { readStats } from './lib/read-stats.ts'

export function composeStats(env: Environment): AnnounceStatsDeps {
  const tables = openTables(env)
  const reading = { viewStore: viewStore(tables), subscriptions: subscriptionShards(tables).of(0), clock }
  return {
    kafka: kafkaLog(env),
    store: eventStore(tables),
    claims: claimStore(tables),
    viewStore: reading.viewStore,
    catalog: catalogOf(env),
    clock,
    newId,
    read: () => readStats(reading),
  }
}

/** Called when something changed while somebody is subscribed to `tidewire.stats`: announces it there. */
export function createStats(deps: AnnounceStatsDeps) {
  return async (call: StatsCall): Promise<void> => {
    try {
      await announceStats(call, deps)
    } catch (error) {
      console.error(error) // the next change announces it
    }
  }
}

export const handler = createStats(composeStats(readEnvironment(process.env)))
