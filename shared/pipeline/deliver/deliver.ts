import { isOwnChannel } from '#shared/core/channel.ts'
import type { KafkaRecord } from '#shared/pipeline/ports.ts'
import { type PushCounts, type PushDeps, pushEvents } from './push-events.ts'
import { type FailedPartition, runPartitions } from './run-partitions.ts'
import { type StoreDeps, storeBatch } from './store-batch.ts'

export type DeliverDeps = StoreDeps & PushDeps

/** What became of a batch. */
export type DeliverResult = PushCounts & {
  readonly stored: number
  /** How many of them are not Tidewire's own, so that the statistics count them. */
  readonly counted: number
  readonly failed: readonly FailedPartition[]
}

/**
 * Delivers a batch of records, of one or more partitions: store, then head, then match and push (I1). A partition
 * that could not be stored is reported as failed and the others go on. Throws when pushing as a whole fails; the
 * whole batch may then come again.
 */
export async function deliver(
  records: readonly KafkaRecord[],
  deadline: number,
  deps: DeliverDeps,
): Promise<DeliverResult> {
  const { results, failed } = await runPartitions(records, (own) => storeBatch(own, deps))
  const events = results.flat()
  const counts = await pushEvents(events, deadline, deps)
  return {
    ...counts,
    stored: events.length,
    counted: events.filter(({ event }) => !isOwnChannel(event.category)).length,
    failed,
  }
}
