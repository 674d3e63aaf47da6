import type { Position } from '../event.ts'
import type { KafkaRecord } from '../ports.ts'
import { type FoldDeps, foldBatch } from './fold-batch.ts'

/**
 * Folds a batch of records, of one or more partitions. A partition that could not be folded is reported with the
 * first offset that must come again, and the others go on. Never throws.
 */
export async function fold(
  records: readonly KafkaRecord[],
  deps: FoldDeps,
): Promise<{ readonly failed: readonly (Position & { readonly cause: unknown })[] }> {
  const partitions = [...Map.groupBy(records, ({ topic, partition }) => `${topic}-${partition}`).values()]
  const outcomes = await Promise.allSettled(partitions.map((batch) => foldBatch(batch, deps)))
  const failed = outcomes.flatMap((outcome, index) => {
    const first = partitions[index]?.[0]
    if (outcome.status === 'fulfilled' || first === undefined) return []
    const { topic, partition, offset } = first
    return [{ topic, partition, offset, cause: outcome.reason }]
  })
  return { failed }
}
