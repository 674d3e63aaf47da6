import type { Position } from '#shared/core/event.ts'

/** What a consumer of a partition is about to try: the records from `first` to `last`. */
export type Trial = {
  readonly first: number
  readonly last: number
  /** Of a record alone: how many instances were killed at it before. */
  readonly kills?: number
  /** The record alone is not tried yet: a kill is not one at this record. */
  readonly isWaiting?: true
  /** Names the running instance. */
  readonly owner: string
}

/** A partition as one consumer reads it. */
export type TrialPlace = Pick<Position, 'topic' | 'partition'> & { readonly consumer: string }

/**
 * Notes of what consumers are about to try, because a function that is killed at a record cannot report it. A note that
 * another instance left may be of one that was killed, or of one that did its work.
 */
export type TrialStore = {
  /** Notes a trial, durably, in place of the one before. Returns that one; null if there is none. */
  begin(place: TrialPlace, trial: Trial): Promise<Trial | null>
  /** Removes the note of a trial, if it is of this owner. */
  end(place: TrialPlace, owner: string): Promise<void>
}
