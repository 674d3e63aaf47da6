import type { Stream } from '#shared/pipeline/ports.ts'
import type { ViewPart } from './apply-event.ts'

/** A part of a view's state as it is stored: of the view `<domain>/<view>`. */
export type StoredPart = ViewPart & { readonly view: string; readonly keepDays?: number }
export type PartKey = Pick<StoredPart, 'view' | 'key' | 'topic' | 'partition'>

/** How far a stream is folded. While it is rebuilt from the beginning, only the rebuilder folds it. */
export type FoldProgress = {
  readonly epoch: string
  readonly offset: number
  readonly isRebuilding: boolean
  /** How often it was rebuilt; left out for never. */
  readonly rebuilds?: number
}
/** Who moves the progress up: the rebuilder, or who has seen so many rebuilds of the stream when it began to fold. */
export type FoldedBy = { readonly isRebuilder: true } | { readonly rebuilds: number | undefined }

/** The snapshots of the views. Every read is strongly consistent. */
export type ViewStore = {
  /** The stored parts, in input order; null where there is none. */
  load(keys: readonly PartKey[]): Promise<(StoredPart | null)[]>
  /** Saves each part unless the stored one is of the same or a later position (a later epoch, or the same and its offset). */
  save(parts: readonly StoredPart[]): Promise<void>
  /** The parts of a view, or of one of its keys, in the order of key, topic and partition; whole keys, a page at a time. */
  read(
    view: string,
    page: { key?: string; after?: string; limit: number },
  ): Promise<{ parts: StoredPart[]; next: string | null }>
  /** How far each partition of a topic is folded. */
  progress(topic: string): Promise<ReadonlyMap<number, FoldProgress>>
  /**
   * Moves the progress of a stream up, never down. Throws FoldError `rebuilding`, and moves nothing, where the stream
   * is being rebuilt, or was since the caller began: what it saved may have been forgotten.
   */
  advance(stream: Stream, offset: number, by?: FoldedBy): Promise<void>
  /**
   * Forgets a stream's parts and progress, and keeps everybody but the rebuilder from folding it until `endRebuild`.
   * Answers how far the stream was folded before, or -1; begun again after a rebuild that died, the same once more.
   */
  beginRebuild(stream: Stream): Promise<number>
  endRebuild(stream: Stream): Promise<void>
}

/** Thrown where records cannot be folded now; the same records come again. */
export class FoldError extends Error {
  readonly code: 'rebuilding' | 'stale_epoch'
  readonly retryable = true
  constructor(code: FoldError['code'], message: string) {
    super(message)
    this.name = 'FoldError'
    this.code = code
  }
}

/** The error for a stream that only its rebuilder may fold. */
export function rebuildingError({ topic, partition }: { topic: string; partition: number }): FoldError {
  const what = `the views of ${topic}, partition ${partition}, are being rebuilt`
  return new FoldError(
    'rebuilding',
    `${what}; this batch comes again. If no rebuild runs, one died: run "tidewire replay --views" again.`,
  )
}
