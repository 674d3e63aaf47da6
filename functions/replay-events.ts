import { auditTrail, clock, newId, openTables, replayStore, telemetryOf } from './lib/compose.ts'
import { type Environment, readEnvironment } from './lib/environment.ts'
import { type WorkerDeps, workOnReplays } from './lib/work-on-replays.ts'

export function composeReplayEvents(env: Environment): WorkerDeps {
  return {
    telemetry: telemetryOf(env, 'replay-events'),
    replays: replayStore(openTables(env)),
    kinds: {},
    audit: auditTrail(env),
    clock,
    newId,
  }
}

/** Works on replays of events to a URL or a connection: it is not in the VPC. */
export const handler = workOnReplays(composeReplayEvents(readEnvironment(process.env)))
