import type { ViewStore } from '#shared/pipeline/views/view-store.ts'

/** Deletes all parts of partitions, as a rebuild does after it marked their streams. */
export async function forgetAll(
  store: Pick<ViewStore, 'forgetParts'>,
  topic: string,
  partitions: readonly number[],
): Promise<void> {
  let from: string | null = null
  do from = await store.forgetParts(topic, partitions, from)
  while (from !== null)
}
