import type { Context, MSKEvent } from 'aws-lambda'
import { type BatchResponse, failuresOf, recordsOf } from '#shared/adapters/lambda/msk-event.ts'
import { recordDecoder } from '#shared/pipeline/consume/consume.ts'
import { type DeliverDeps, deliver } from '#shared/pipeline/deliver/deliver.ts'
import { createKnownHeads } from '#shared/pipeline/deliver/store-batch.ts'
import type { RequestStats } from '#shared/pipeline/stats/stats.ts'
import {
  catalogOf,
  claimStore,
  clock,
  deadLetterStore,
  eventStore,
  openTables,
  type Shards,
  socketGateway,
  statsRequest,
  subscriptionShards,
  type Tables,
} from './lib/compose.ts'
import { type Environment, readEnvironment } from './lib/environment.ts'

export type DeliverFunctionDeps = Omit<DeliverDeps, 'subscriptions' | 'follower'> & {
  readonly shards: Pick<Shards, 'of'>
  /** The shard of each function that delivers, by the name of the function. */
  readonly deliverShards: ReadonlyMap<string, number>
  readonly requestStats: RequestStats
}

/** Time kept back from the function's own limit to mark the connections that missed a frame, in milliseconds. */
const RESERVE_MS = 5000

export function composeDeliver(env: Environment, tables: Tables = openTables(env)): DeliverFunctionDeps {
  const shards = subscriptionShards(tables)
  const catalog = catalogOf(env)
  return {
    store: eventStore(tables),
    claims: claimStore(tables),
    deadLetters: deadLetterStore(tables),
    gateway: socketGateway(env),
    catalog,
    decode: recordDecoder(catalog),
    heads: createKnownHeads(),
    postsAtOnce: env.postsAtOnce,
    shards,
    deliverShards: env.deliverShards,
    requestStats: statsRequest(tables, shards),
  }
}

/**
 * The MSK trigger: stores each batch, or waits until the first shard has stored it, then pushes it to every subscriber of
 * its shard. Which shard a function has is said in `DELIVER_SHARDS` (infra/msk-triggers.cjs): several functions may share
 * a process and its environment.
 */
export function createDeliver({ shards, deliverShards, requestStats, ...deps }: DeliverFunctionDeps) {
  return async (
    event: MSKEvent,
    context: Pick<Context, 'functionName' | 'getRemainingTimeInMillis'>,
  ): Promise<BatchResponse> => {
    const deadline = Date.now() + context.getRemainingTimeInMillis() - RESERVE_MS
    const shard = deliverShards.get(context.functionName)
    if (shard === undefined)
      throw new Error(`DELIVER_SHARDS does not name the function ${context.functionName}`)
    const subscriptions = shards.of(shard)
    const { failed, counted } = await deliver(recordsOf(event), deadline, {
      ...deps,
      subscriptions,
      ...(shard > 0 && { follower: { sleep: clock.sleep } }),
    })
    if (counted > 0) await requestStats()
    return failuresOf(failed)
  }
}

export const handler = createDeliver(composeDeliver(readEnvironment(process.env)))
