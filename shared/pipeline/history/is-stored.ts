import type { TopicState } from '#shared/pipeline/ports.ts'

/** Whether a partition of a topic is stored up to an offset. */
export function isStored({ heads }: Pick<TopicState, 'heads'>, partition: number, offset: number): boolean {
  return (heads.get(partition)?.offset ?? -1) >= offset
}
