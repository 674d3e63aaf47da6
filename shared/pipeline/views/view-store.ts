import type { Stream } from '#shared/pipeline/ports.ts'
import type { ViewPart } from './apply-event.ts'

/** A part of a view's state as it is stored: of the view `<domain>/<view>`. */
export type StoredPart = ViewPart & { readonly view: string }
export type PartKey = Pick<StoredPart, 'view' | 'key' | 'topic' | 'partition'>

/** How far a stream is folded. While it is rebuilt from its beginning, only the rebuilder folds it. */
export type FoldProgress = {
  readonly epoch: string
  readonly offset: number
  readonly isRebuilding: boolean
  /** The number of rebuilds; absent if it was never rebuilt. */
  readonly rebuilds?: number
}
/**
 * Who moves the progress up: the rebuilder, or a caller that saw this number of rebuilds when it began to fold. `from` is
 * the offset of the progress if it is known from earlier batches.
 */
export type FoldedBy =
  | { readonly isRebuilder: true }
  | { readonly rebuilds: number | undefined; readonly from?: number }

/**
 * A part to save. `replaces` is the offset of the stored part that it was made from, or null if it was made from none;
 * without it the part replaces any that is not as far.
 */
export type PartToSave = StoredPart & { readonly replaces?: number | null }

/**
 * The snapshots of the views. Every read is strongly consistent. A part is kept for the retention of its view after
 * it was last saved.
 */
export type ViewStore = {
  /** Returns the stored parts in input order; null for a key without a part. */
  load(keys: readonly PartKey[]): Promise<(StoredPart | null)[]>
  /**
   * Saves each part unless the stored one is not the one that it `replaces`, or has the same or a later position: a
   * later epoch, or the same epoch and offset. Returns false if a part was not saved because of what it replaces.
   */
  save(parts: readonly PartToSave[]): Promise<boolean>
  /**
   * Returns the parts of a view, or of one of its keys, by key, topic and partition. A page has whole keys, and may have
   * fewer than `limit`, or none, before the end, at which `next` is null.
   */
  read(
    view: string,
    page: { key?: string; after?: string; limit: number },
  ): Promise<{ parts: StoredPart[]; next: string | null }>
  /** Returns how far each partition of a topic is folded. */
  progress(topic: string): Promise<ReadonlyMap<number, FoldProgress>>
  /**
   * Moves the progress of a stream up, never down. Returns whether it was moved: with `from` only if it is exactly
   * there, and no rebuild has begun since. Without `from` throws FoldError `rebuilding`, and moves nothing, if the stream
   * is being rebuilt, or was since the caller began: the parts it saved may be deleted.
   */
  advance(stream: Stream, offset: number, by?: FoldedBy): Promise<boolean>
  /**
   * Deletes a stream's progress, and lets only the rebuilder fold it until `endRebuild`. Its parts are to be deleted
   * next. Returns how far the stream was folded before, or -1; the same number again if it is repeated after a rebuild that
   * died.
   */
  beginRebuild(stream: Stream): Promise<number>
  /**
   * Deletes some of the parts of partitions: those in the next stretch of the store, which is read as a whole. Returns
   * `from` of the stretch behind it, or null at the end. The first one is null.
   */
  forgetParts(topic: string, partitions: readonly number[], from: string | null): Promise<string | null>
  endRebuild(stream: Stream): Promise<void>
}

/** Thrown if records cannot be folded now; the same records are retried. */
export class FoldError extends Error {
  readonly code: 'rebuilding' | 'stale_epoch'
  readonly retryable = true
  constructor(code: FoldError['code'], message: string) {
    super(message)
    this.name = 'FoldError'
    this.code = code
  }
}

/** Returns the error for a stream that only its rebuilder may fold. */
export function rebuildingError({ topic, partition }: { topic: string; partition: number }): FoldError {
  const what = `the views of ${topic}, partition ${partition}, are being rebuilt`
  return new FoldError(
    'rebuilding',
    `${what}; this batch comes again. If no rebuild runs, one died: run "tidewire replay --views" again.`,
  )
}
