import { isOwnChannel } from '#shared/core/channel.ts'
import { type FailedPartition, runPartitions } from '#shared/pipeline/consume/consume.ts'
import type { KafkaRecord } from '#shared/pipeline/ports.ts'
import { NO_TELEMETRY } from '#shared/pipeline/telemetry/telemetry.ts'
import { type PushCounts, type PushDeps, pushEvents } from './push-events.ts'
import { reportDelivery } from './report-delivery.ts'
import { followBatch, type StoreDeps, storeBatch } from './store-batch.ts'

export type DeliverDeps = StoreDeps &
  PushDeps & {
    /** Absent in the first shard, which stores. Every other one pauses with it while it waits for the first. */
    readonly follower?: { readonly sleep: (ms: number) => Promise<unknown> }
    /** How long storing a partition may take, in milliseconds. Without it there is no limit. */
    readonly storeWithinMs?: number
  }

/** What became of a batch. */
export type DeliverResult = PushCounts & {
  readonly stored: number
  /** How many of the stored events are not Tidewire's own: the statistics count only these. */
  readonly counted: number
  readonly failed: readonly FailedPartition[]
}

/**
 * Delivers a batch of records of one or more partitions: stores and advances the heads, or waits until the first
 * shard has done so; then matches and pushes (docs/architecture.md, I1). Posts stop at `deadline`, a time of
 * `performance.now()`. A partition that could not be stored, or not in time, is in `failed`, and the others are
 * delivered. Throws if pushing as a whole fails; the batch may then be delivered again.
 */
export async function deliver(
  records: readonly KafkaRecord[],
  deadline: number,
  deps: DeliverDeps,
): Promise<DeliverResult> {
  const { follower, storeWithinMs, telemetry = NO_TELEMETRY, now } = deps
  const began = now()
  const store = (own: readonly KafkaRecord[]) =>
    follower ? followBatch(own, deps, follower.sleep) : storeBatch(own, deps)
  const { results, failed } = await runPartitions(records, store, storeWithinMs)
  const events = results.flat()
  const stored = now()
  const counts = await pushEvents(events, deadline, deps)
  reportDelivery(
    { events, counts, failed: failed.length, isStored: !follower, began, stored, posted: now() },
    telemetry,
  )
  return {
    ...counts,
    stored: events.length,
    counted: events.filter(({ event }) => !isOwnChannel(event.category)).length,
    failed,
  }
}
