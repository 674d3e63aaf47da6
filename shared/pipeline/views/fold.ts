import { type FailedPartition, runPartitions } from '#shared/pipeline/deliver/run-partitions.ts'
import type { KafkaRecord } from '#shared/pipeline/ports.ts'
import { type FoldDeps, foldBatch } from './fold-batch.ts'

/**
 * Folds a batch of records, of one or more partitions. A partition that could not be folded is reported with the
 * first offset that must come again, and the others go on. Never throws.
 */
export async function fold(
  records: readonly KafkaRecord[],
  deps: FoldDeps,
): Promise<{ readonly failed: readonly FailedPartition[] }> {
  const { failed } = await runPartitions(records, (own) => foldBatch(own, deps))
  return { failed }
}
