import type { Context } from 'aws-lambda'
import { answerInTime, OutOfTime, timeLeft } from '#shared/adapters/lambda/answer-in-time.ts'
import {
  allFailed,
  type BatchResponse,
  failuresOf,
  type KafkaTriggerEvent,
  kafkaTrigger,
  recordsOf,
} from '#shared/adapters/lambda/msk-event.ts'
import type { GuardedWork, PoisonGuard } from '#shared/pipeline/consume/poison-guard.ts'
import { type DeliverDeps, deliver } from '#shared/pipeline/deliver/deliver.ts'
import { createKnownHeads } from '#shared/pipeline/deliver/store-batch.ts'
import type { RecordSecrets } from '#shared/pipeline/record-secrets.ts'
import type { RequestStats } from '#shared/pipeline/stats/stats.ts'
import type { InstanceReporter } from '#shared/pipeline/telemetry/instance-report.ts'
import type { Measured } from '#shared/pipeline/telemetry/telemetry.ts'
import {
  catalogOf,
  claimStore,
  clock,
  deadLetterStore,
  decoderOf,
  eventStore,
  instanceReporter,
  itemReader,
  openTables,
  poisonGuard,
  recordSecrets,
  revocationStore,
  type Shards,
  socketGateway,
  statsRequest,
  subscriptionShards,
  type Tables,
  telemetryOf,
} from './lib/compose.ts'
import { type Environment, readEnvironment } from './lib/environment.ts'

export type DeliverFunctionDeps = Measured &
  Omit<DeliverDeps, 'subscriptions' | 'follower' | 'report'> & {
    readonly shards: Pick<Shards, 'of'>
    /** The shard of each function that delivers, by the name of the function. */
    readonly deliverShards: ReadonlyMap<string, number>
    readonly requestStats: RequestStats
    readonly guard: PoisonGuard
    readonly report: InstanceReporter
    readonly secrets: Pick<RecordSecrets, 'meet'>
  }

/** Time kept back from the function's own limit to mark the connections that missed a frame, in milliseconds. */
const RESERVE_MS = 5000
/** The part of the time that storing may take. What is not stored by then comes again, and the rest is pushed. */
const STORE_SHARE = 0.5

export function composeDeliver(env: Environment, tables: Tables = openTables(env)): DeliverFunctionDeps {
  const readItems = itemReader(tables)
  const shards = subscriptionShards(tables, readItems)
  const catalog = catalogOf(env)
  const report = instanceReporter(tables, readItems)
  const telemetry = telemetryOf(env, 'deliver', report)
  const deadLetters = deadLetterStore(tables, telemetry)
  return {
    telemetry,
    store: eventStore(tables),
    claims: claimStore(tables),
    deadLetters,
    guard: poisonGuard(tables, { consumer: 'deliver', deadLetters }),
    gateway: socketGateway(env, telemetry),
    catalog,
    decode: decoderOf(catalog, env),
    secrets: recordSecrets(env),
    heads: createKnownHeads(),
    revocations: revocationStore(tables, readItems),
    now: Date.now,
    postsAtOnce: env.postsAtOnce,
    shards,
    deliverShards: env.deliverShards,
    requestStats: statsRequest(tables, shards),
    report,
  }
}

/**
 * The MSK trigger: stores each batch, or waits until the first shard has stored it, then pushes it to every subscriber of
 * its shard. Which shard a function has is said in `DELIVER_SHARDS` (infra/triggers.ts): several functions may share
 * a process and its environment. Near the end of its time it takes on nothing more, and what is not done comes again.
 */
export function createDeliver({
  shards,
  deliverShards,
  requestStats,
  guard,
  secrets,
  ...deps
}: DeliverFunctionDeps) {
  const handle = async (event: KafkaTriggerEvent, context: Context): Promise<BatchResponse> => {
    const shard = deliverShards.get(context.functionName)
    if (shard === undefined)
      throw new Error(`DELIVER_SHARDS does not name the function ${context.functionName}`)
    const records = recordsOf(event)
    await secrets.meet(records)
    const subscriptions = shards.of(shard)
    let counted = 0
    const deliverThese: GuardedWork = async (some, refuse) => {
      const leftMs = timeLeft(context, RESERVE_MS)
      const result = await deliver(some, performance.now() + leftMs, {
        ...deps,
        decode: refuse(deps.decode),
        subscriptions,
        storeWithinMs: leftMs * STORE_SHARE,
        ...(shard > 0 && { follower: { sleep: clock.sleep } }),
      })
      counted += result.counted
      return result.failed
    }
    const at = { name: context.functionName, withinMs: timeLeft(context, RESERVE_MS) * STORE_SHARE }
    const failed = await guard.run(records, deliverThese, at)
    await Promise.all([counted > 0 && requestStats(), deps.report.write()])
    return failuresOf(failed)
  }
  return answerInTime(handle, {
    late: (event) => allFailed(event, new OutOfTime()),
    telemetry: deps.telemetry,
  })
}

const env = readEnvironment(process.env)
export const handler = kafkaTrigger(createDeliver(composeDeliver(env)), env)
