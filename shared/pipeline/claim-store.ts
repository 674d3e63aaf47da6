import type { Position } from '#shared/core/event.ts'

export type ClaimKey = { readonly source: string; readonly id: string }

/** A pair as text, to look it up in a map: equal for equal pairs only. */
export function identityOf({ source, id }: ClaimKey): string {
  return JSON.stringify([source, id])
}

/** Where an event first appeared, with the epoch where a consumer of the log claimed it. */
export type Claim = Position & { readonly epoch?: string }

/**
 * One event, one id: the first position of each (source, id), kept for 7 days. Only a claim decides which record is
 * the event. A lease merely keeps two requests from writing the same event at once: it gives way to every claim.
 */
export type ClaimStore = {
  /** Claims the pair for a position unless it is claimed; answers who holds it. */
  claim(key: ClaimKey, claim: Claim): Promise<Claim>
  /**
   * Claims pairs whose ids were made for their records, unless they are claimed; answers who holds each. Only one
   * consumer at a time meets such a pair, in one order, so they are looked up and written in batches, without a
   * condition on each.
   */
  claimMade(pairs: readonly (ClaimKey & { readonly claim: Claim })[]): Promise<Claim[]>
  /** Who holds each pair, in input order; null where nobody does. */
  find(keys: readonly ClaimKey[]): Promise<(Claim | null)[]>
  /** The claims on an id, one for each source that used it. */
  findById(id: string): Promise<(Claim & { readonly source: string })[]>
  /** Takes the pair for a few seconds (LEASE_SECONDS), unless it is claimed or another owner's lease runs. */
  lease(key: ClaimKey, owner: string): Promise<'taken' | 'in_flight' | Claim>
  /** Gives a lease back, if it is this owner's and nobody claimed the pair. */
  release(key: ClaimKey, owner: string): Promise<void>
  /** Binds a key to the first fingerprint that it comes with, for as long as a claim is kept; answers the one in force. */
  bind(key: ClaimKey, fingerprint: string): Promise<string>
}

/** How long a lease runs: longer than a write may take (5 s), short enough to wait for after a crash. */
export const LEASE_SECONDS = 6
