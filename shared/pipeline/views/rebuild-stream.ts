import type { EventStore, KafkaRecord, LogReader, Span, Stream } from '#shared/pipeline/ports.ts'
import type { ViewStore } from './view-store.ts'

export type RebuildDeps = {
  readonly reader: LogReader
  readonly store: Pick<EventStore, 'topic'>
  readonly viewStore: Pick<ViewStore, 'progress' | 'beginRebuild' | 'forgetParts' | 'endRebuild'>
  /** Folds the records of one partition without emitting anything, although the stream is marked. */
  readonly fold: (records: readonly KafkaRecord[]) => Promise<void>
  /** The consumer group of the `fold` function for a topic. */
  readonly groupOf: (topic: string) => string
}

/** What a rebuild of a stream reads: Kafka from its beginning to where the `fold` function is. */
export type RebuildPlan = Stream & Span

/** Returns what a rebuild of these topics would read. If `from` is above 0, the beginning has expired. */
export async function planRebuild(topics: readonly string[], deps: RebuildDeps): Promise<RebuildPlan[]> {
  const plans = await Promise.all(
    topics.map(async (topic) => {
      const { epoch } = await deps.store.topic(topic)
      const ends = await endsOf(topic, epoch, deps)
      const held = await deps.reader.held([topic])
      return held.map((span) => ({ ...span, epoch, end: Math.min(span.end, ends(span.partition)) }))
    }),
  )
  return plans.flat()
}

/**
 * Returns up to where the `fold` function has folded and emitted each partition: its progress, or the offset that it
 * committed, which outlives the tables and a rebuild that died. If it has left no trace of a topic, everything is
 * rebuilt.
 */
async function endsOf(topic: string, epoch: string, { reader, viewStore, groupOf }: RebuildDeps) {
  const [committed, progress] = await Promise.all([
    reader.committed(groupOf(topic), topic),
    viewStore.progress(topic),
  ])
  if (committed.size === 0 && progress.size === 0) return () => Number.POSITIVE_INFINITY
  return (partition: number) => {
    const known = progress.get(partition)
    const isCounted = known !== undefined && known.epoch === epoch && !known.isRebuilding
    return Math.max(committed.get(partition) ?? 0, isCounted ? known.offset + 1 : 0)
  }
}
