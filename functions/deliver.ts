import type { Context, MSKEvent } from 'aws-lambda'
import { type BatchResponse, failuresOf, recordsOf } from '#shared/adapters/lambda/msk-event.ts'
import { deliver } from '#shared/pipeline/deliver/deliver.ts'
import {
  catalog,
  claims,
  deadLetters,
  decode,
  gateway,
  postsAtOnce,
  requestStats,
  store,
  subscriptionsOf,
} from './compose.ts'

/** Time kept back from the function's own limit to mark who missed a frame, in milliseconds. */
const RESERVE_MS = 5000

/** The MSK trigger, of the shard that the function's name ends with (msk-triggers.cjs): stores each batch, then pushes it to everyone who subscribed. */
export async function handler(event: MSKEvent, context: Context): Promise<BatchResponse> {
  const deadline = Date.now() + context.getRemainingTimeInMillis() - RESERVE_MS
  const shard = Number(/deliver(\d*)$/.exec(context.functionName)?.[1] ?? 0)
  const subscriptions = subscriptionsOf(shard)
  const deps = { store, claims, deadLetters, subscriptions, gateway, catalog, decode, postsAtOnce }
  const { failed, counted } = await deliver(recordsOf(event), deadline, deps)
  if (counted > 0) await requestStats()
  return failuresOf(failed)
}
