import type { Position } from './event.ts'
import type { KafkaRecord } from './ports.ts'
import { type PushCounts, type PushDeps, pushEvents } from './push-events.ts'
import { type StoreDeps, storeBatch } from './store-batch.ts'

export type DeliverDeps = StoreDeps & PushDeps

/** What became of a batch. A failed partition names the first offset that must come again, and why. */
export type DeliverResult = PushCounts & {
  readonly stored: number
  readonly failed: readonly (Position & { readonly cause: unknown })[]
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
  const partitions = [...Map.groupBy(records, ({ topic, partition }) => `${topic}-${partition}`).values()]
  const outcomes = await Promise.allSettled(partitions.map((batch) => storeBatch(batch, deps)))
  const failed = outcomes.flatMap((outcome, index) => {
    const first = partitions[index]?.[0]
    if (outcome.status === 'fulfilled' || first === undefined) return []
    const { topic, partition, offset } = first
    return [{ topic, partition, offset, cause: outcome.reason }]
  })
  const events = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? outcome.value : []))
  const counts = await pushEvents(events, deadline, deps)
  return { ...counts, stored: events.length, failed }
}
