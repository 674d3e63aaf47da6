import { urlPoster } from '#shared/adapters/http/post-to-url.ts'
import type { SocketGateway, SubscriptionStore } from '#shared/pipeline/ports.ts'
import { eventsSlice, type ReplayTarget } from '#shared/pipeline/replays/replay-events.ts'
import type { ReplayJob } from '#shared/pipeline/replays/replay-store.ts'
import { connectionTarget } from '#shared/pipeline/replays/replay-to-connection.ts'
import { type PostToUrl, urlTarget } from '#shared/pipeline/replays/replay-to-url.ts'
import { ReplayFailure } from '#shared/pipeline/replays/run-replay.ts'
import { urlProblem } from '#shared/pipeline/replays/target-url.ts'
import {
  auditTrail,
  clock,
  eventStore,
  newId,
  openTables,
  replayStore,
  socketGateway,
  subscriptionShards,
  telemetryOf,
} from './lib/compose.ts'
import { type Environment, readEnvironment } from './lib/environment.ts'
import { type WorkerDeps, workOnReplays } from './lib/work-on-replays.ts'

type TargetDeps = {
  readonly post: PostToUrl
  readonly subscriptions: Pick<SubscriptionStore, 'find'>
  readonly gateway: SocketGateway
  readonly isLocal: boolean
}

export function composeReplayEvents(env: Environment): WorkerDeps {
  const tables = openTables(env)
  const { isLocal } = env
  const targets = {
    post: urlPoster({ isLocal }),
    // Any shard knows every connection.
    subscriptions: subscriptionShards(tables).of(0),
    gateway: socketGateway(env),
    isLocal,
  }
  return {
    telemetry: telemetryOf(env, 'replay-events'),
    replays: replayStore(tables),
    kinds: {
      events: eventsSlice({ store: eventStore(tables), openTarget: (job) => openTarget(job, targets) }),
    },
    audit: auditTrail(env),
    clock,
    newId,
  }
}

/** Throws ReplayFailure if the target of a replay is closed, or may not be posted to. */
async function openTarget(
  { id, request, material }: ReplayJob,
  { post, subscriptions, gateway, isLocal }: TargetDeps,
): Promise<ReplayTarget> {
  const target = request.target as { readonly url: string } | { readonly connection: string }
  if ('connection' in target)
    return connectionTarget(target.connection, id, {
      subscriptions,
      gateway,
      now: clock.now,
      elapsed: clock.elapsed,
    })
  const problem = urlProblem(target.url, { isLocal })
  if (problem !== null) throw new ReplayFailure(`The URL ${problem}`)
  return urlTarget(target.url, material?.secret ?? '', { post, clock, random: Math.random })
}

/** Works on replays of events to a URL or a connection: it is not in the VPC. */
export const handler = workOnReplays(composeReplayEvents(readEnvironment(process.env)))
