import type { Position } from '#shared/core/event.ts'
import type { DeadLetter, LetterRecord, Settlement } from './dead-letter.ts'
import type { DeadLetterFilter } from './dead-letter-filter.ts'

/** Which dead letters to list, by the time of their records. */
export type LetterQuery = {
  readonly topics: readonly string[]
  readonly filter: DeadLetterFilter
  /** `newest` first by default. */
  readonly order?: 'newest' | 'oldest'
  /** The `next` of an earlier page of this query, or what `nextAfter` returns for one of its letters. */
  readonly after?: string
  readonly limit: number
}

/**
 * A page of dead letters. `next` continues behind it, and is null at the end. A page reads a bounded number of letters,
 * so it may be short, or even empty, before that.
 */
export type LetterPage = { readonly letters: readonly DeadLetter[]; readonly next: string | null }

/** Dead letters. Each is kept for the retention of its topic, and nothing that has expired is returned. */
export type DeadLetterStore = {
  /**
   * Adds a dead letter. A record has one, also if several consumers find it, or find it again: of a letter that is there already only
   * `attempts` may grow, and `unfolded` be added. It stays settled if it is. Returns whether it is new.
   */
  put(letter: DeadLetter): Promise<boolean>
  /** Returns the dead letter of the latest record at a position, strongly consistent; null if there is none. */
  get(position: Position): Promise<DeadLetter | null>
  /** Returns a page of letters, strongly consistent. Throws Refusal `malformed` for an `after` that is none. */
  list(query: LetterQuery): Promise<LetterPage>
  /**
   * Settles a letter if it is open; `put` never opens it again. Returns whether it was open: of several that settle it
   * at once, one gets true.
   */
  settle(record: LetterRecord, settlement: Settlement): Promise<boolean>
  /** Removes the bytes, the headers and the reason of the letter of a record, if there is one. */
  erase(record: LetterRecord): Promise<void>
}
