import type { Context } from 'aws-lambda'
import { answerInTime } from '#shared/adapters/lambda/answer-in-time.ts'
import { logError } from '#shared/pipeline/log-error.ts'
import { type AnnounceStatsDeps, announceStats, type StatsCall } from '#shared/pipeline/stats/stats.ts'
import type { Measured } from '#shared/pipeline/telemetry/telemetry.ts'
import {
  catalogOf,
  claimStore,
  clock,
  eventStore,
  kafkaLog,
  newId,
  openTables,
  subscriptionShards,
  telemetryOf,
  viewStore,
} from './lib/compose.ts'
import { type Environment, readEnvironment } from './lib/environment.ts'
import { readStats } from './lib/read-stats.ts'
import { stopAppendsAt, stopPausesAt } from './lib/stop-at.ts'

type StatsDeps = AnnounceStatsDeps & Measured

export function composeStats(env: Environment): StatsDeps {
  const telemetry = telemetryOf(env, 'stats')
  const tables = openTables(env)
  const reading = { viewStore: viewStore(tables), subscriptions: subscriptionShards(tables).of(0), clock }
  return {
    telemetry,
    kafka: kafkaLog(env, telemetry),
    store: eventStore(tables),
    claims: claimStore(tables),
    viewStore: reading.viewStore,
    catalog: catalogOf(env),
    clock,
    newId,
    read: () => readStats(reading),
  }
}

/**
 * Called when something changed while somebody is subscribed to `tidewire.stats`: announces it there. Where that fails or
 * takes too long the next change announces it, so it is no error, which Lambda would only repeat.
 */
export function createStats({ telemetry, ...deps }: StatsDeps) {
  const handle = async (call: StatsCall, _: Context, signal: AbortSignal): Promise<null> => {
    if (!Number.isFinite(call?.at)) {
      logError('a call to announce the statistics has no time, and is ignored')
      return null
    }
    try {
      await announceStats(call, stopAppendsAt(signal, stopPausesAt(signal, deps)))
    } catch (error) {
      logError('the statistics could not be announced', error)
    }
    return null
  }
  return answerInTime(handle, {
    late: () => {
      logError('the statistics could not be announced in time')
      return null
    },
    telemetry,
  })
}

export const handler = createStats(composeStats(readEnvironment(process.env)))
