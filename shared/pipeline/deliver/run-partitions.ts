import type { Position } from '#shared/core/event.ts'
import type { KafkaRecord } from '#shared/pipeline/ports.ts'

/** A partition that could not be worked through: the first offset that must come again, and why. */
export type FailedPartition = Position & { readonly cause: unknown }

/**
 * Works through a batch partition by partition, each in its order and all at once. A partition that fails is reported
 * and the others go on. Never throws; `results` are those of the other partitions.
 */
export async function runPartitions<Result>(
  records: readonly KafkaRecord[],
  run: (own: readonly KafkaRecord[]) => Promise<Result>,
): Promise<{ readonly results: readonly Result[]; readonly failed: readonly FailedPartition[] }> {
  const partitions = [...Map.groupBy(records, ({ topic, partition }) => `${topic}-${partition}`).values()]
  const outcomes = await Promise.allSettled(partitions.map((own) => run(own)))
  const failed = outcomes.flatMap((outcome, index) => {
    const first = partitions[index]?.[0]
    if (outcome.status === 'fulfilled' || first === undefined) return []
    const { topic, partition, offset } = first
    return [{ topic, partition, offset, cause: outcome.reason }]
  })
  const results = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
  return { results, failed }
}
