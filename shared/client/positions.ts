import type { Cursor } from '#shared/core/cursor.ts'
import type { Position } from '#shared/core/event.ts'

type TopicPositions = { epoch: string | null; offsets: Map<number, number> }

/**
 * How far a subscription has come. It differs from a Cursor in one thing: it remembers offsets of topics whose
 * epoch is not known yet (a replay arrives before the first `subscribed`), so that asking again repeats nothing.
 */
export function createPositions(initial: Cursor = new Map()) {
  const topics = new Map<string, TopicPositions>()

  /** Moves up to a position; false if it was passed before. */
  function advance({ topic, partition, offset }: Position): boolean {
    const known = topics.get(topic) ?? { epoch: null, offsets: new Map() }
    if (offset <= (known.offsets.get(partition) ?? -1)) return false
    known.offsets.set(partition, offset)
    topics.set(topic, known)
    return true
  }

  /** Forgets the offsets of every topic that has another epoch now: offsets of two epochs do not compare. */
  function adoptEpochs(cursor: Cursor): void {
    for (const [topic, { epoch }] of cursor) {
      const known = topics.get(topic)
      if (known && (known.epoch === null || known.epoch === epoch)) known.epoch = epoch
      else topics.set(topic, { epoch, offsets: new Map() })
    }
  }

  /**
   * Forgets offsets that the log does not have. `asked` is what the server was asked to continue from, and `log` how far
   * the log goes: where that is less, or there is no such partition, the log was restored to an earlier state, and its
   * offsets are given to other events. A topic that `log` has no offsets of is known only if the cursor is `isComplete`.
   */
  function rewind(asked: Cursor, log: Cursor, isComplete: boolean): void {
    for (const [topic, { epoch, offsets }] of asked) {
      const end = log.get(topic)
      if (end === undefined && isComplete) topics.delete(topic)
      if (end?.epoch !== epoch || (end.offsets.size === 0 && !isComplete)) continue
      const known = topics.get(topic)?.offsets
      for (const [partition, offset] of offsets) {
        const last = end.offsets.get(partition) ?? -1
        if (offset > last && (known?.get(partition) ?? -1) > last) known?.delete(partition)
      }
    }
  }

  /** Joins a cursor that the server gave: the higher offset of each partition wins. */
  function merge(cursor: Cursor): void {
    adoptEpochs(cursor)
    for (const [topic, { offsets }] of cursor)
      for (const [partition, offset] of offsets) advance({ topic, partition, offset })
  }

  /** What the server understands: the topics whose epoch is known. */
  function cursor(): Cursor {
    const known = new Map<string, { epoch: string; offsets: ReadonlyMap<number, number> }>()
    for (const [topic, { epoch, offsets }] of topics)
      if (epoch !== null) known.set(topic, { epoch, offsets: new Map(offsets) })
    return known
  }

  merge(initial)
  return { advance, adoptEpochs, rewind, merge, cursor }
}
