import type { Position } from '#shared/core/event.ts'
import type { Retention } from '#shared/core/retention.ts'
import type { Stream } from '#shared/pipeline/ports.ts'
import { sizeOf } from './apply-event.ts'
import { idOf } from './fold-events.ts'
import type { PartKey, StoredPart } from './view-store.ts'

/** How far a function has folded a stream, and the number of rebuilds before that. */
export type KnownProgress = {
  readonly stream: Stream
  readonly offset: number
  readonly rebuilds: number | undefined
}
/** A part after a batch; `part` is null if the batch left none. `isSaved` if the batch saved it. */
export type KeptPart = {
  readonly key: PartKey
  readonly part: StoredPart | null
  readonly isSaved: boolean
}
type Partition = Pick<Position, 'topic' | 'partition'>

/**
 * What a warm function knows of the streams that it folded (docs/adr/0017): the progress of each, and parts as they are
 * at that progress. A part follows from the log alone, so one that is kept is never wrong, only behind. Whether it is
 * behind is verified by the writes that follow: of the parts that it replaces, and of the progress.
 */
export type FoldMemory = {
  /** Returns the progress of a partition if `first`, where a batch begins, directly follows it. */
  continuedBy(first: Position): KnownProgress | undefined
  /** Returns a part at the progress of its stream; null if there is none, undefined if it is not known. */
  part(key: PartKey): StoredPart | null | undefined
  /**
   * Keeps the progress after a batch, with the parts that it touched. `isRead` if the progress was read for this batch.
   */
  keep(progress: KnownProgress, parts: readonly KeptPart[], isRead: boolean): void
  forget(partition: Partition): void
}

/** The maximum size of all parts that are kept, in bytes of JSON. In memory they are a few times as large. */
const MAX_BYTES = 8 * 1024 * 1024
/** The size of an entry without its state. */
const ENTRY_BYTES = 200
/** How long a progress is used without being read: a bound for what nobody has thought of. */
const TRUSTED_MS = 5 * 60_000

type Entry = { readonly part: StoredPart | null; readonly bytes: number; readonly until: number }

type Options = {
  readonly maxBytes?: number
  /** As that of the view store; by default parts are kept for good. */
  readonly retention?: Pick<Retention, 'ofView'>
  /** The time of day in milliseconds, by which parts expire. */
  readonly now?: () => number
  /** Milliseconds since some moment, for durations: it never jumps. */
  readonly elapsed?: () => number
}

/** Returns the memory of one function. */
export function createFoldMemory({
  maxBytes = MAX_BYTES,
  retention: { ofView } = { ofView: () => undefined },
  now = Date.now,
  elapsed = () => performance.now(),
}: Options = {}): FoldMemory {
  const streams = new Map<string, { readonly progress: KnownProgress; readonly until: number }>()
  /** The parts of each partition, the longest unused first. */
  const parts = new Map<string, Entry & Partition>()
  let bytes = 0
  const keyOf = ({ topic, partition }: Partition) => `${topic}-${partition}`
  const drop = (id: string) => {
    bytes -= parts.get(id)?.bytes ?? 0
    parts.delete(id)
  }
  const put = (id: string, entry: Entry & Partition) => {
    drop(id)
    parts.set(id, entry)
    bytes += entry.bytes
  }
  const keepPart = ({ key, part, isSaved }: KeptPart) => {
    const { topic, partition, view } = key
    const seconds = ofView(view)
    const id = idOf(key)
    // When a part that was only loaded expires is not known.
    if (seconds !== undefined && part !== null && !isSaved) return drop(id)
    const until = part === null || seconds === undefined ? Number.POSITIVE_INFINITY : now() + seconds * 1000
    put(id, { topic, partition, part, bytes: ENTRY_BYTES + (part ? sizeOf(part.state) : 0), until })
  }
  return {
    continuedBy(first) {
      const known = streams.get(keyOf(first))
      return known && known.until > elapsed() && known.progress.offset + 1 === first.offset
        ? known.progress
        : undefined
    },
    part(key) {
      const entry = parts.get(idOf(key))
      if (entry === undefined || entry.until <= now()) return undefined
      put(idOf(key), entry)
      return entry.part
    },
    keep(progress, touched, isRead) {
      const name = keyOf(progress.stream)
      const until = isRead ? elapsed() + TRUSTED_MS : (streams.get(name)?.until ?? 0)
      streams.set(name, { progress, until })
      for (const one of touched) keepPart(one)
      for (const id of parts.keys()) {
        if (bytes <= maxBytes) break
        drop(id)
      }
    },
    forget({ topic, partition }) {
      streams.delete(keyOf({ topic, partition }))
      for (const [id, entry] of parts) if (entry.topic === topic && entry.partition === partition) drop(id)
    },
  }
}
