import type { Position } from '#shared/core/event.ts'

export type ClaimKey = { readonly source: string; readonly id: string }

/** A pair as text, to look it up in a map: equal for equal pairs only. */
export function identityOf({ source, id }: ClaimKey): string {
  return JSON.stringify([source, id])
}

/**
 * The first position of an event, with the epoch if a consumer of the log claimed it. `digest` is that of what its
 * producer sent (docs/adr/0028); without it the pair alone is the event, as where only the server makes ids.
 */
export type Claim = Position & { readonly epoch?: string; readonly digest?: string }

/** Whether a claim, if there is one, is that of an event with this digest, as far as both are known. */
export function isSameEvent(
  claim: Pick<Claim, 'digest'> | null | undefined,
  { digest }: { readonly digest?: string | undefined },
): boolean {
  return claim?.digest === undefined || digest === undefined || claim.digest === digest
}

/**
 * One event, one id (docs/architecture.md, I8): the first position of each (source, id), kept for longer than any event
 * of the log (`claims` of the retention). Only a claim decides which record is the event. A lease only keeps two requests
 * from writing the same event at once: a claim overrides it.
 */
export type ClaimStore = {
  /** Claims the pair for a position unless it is claimed already. Returns the claim that is in force. */
  claim(key: ClaimKey, claim: Claim): Promise<Claim>
  /**
   * Moves the claim of a pair from the position of a record that was never stored to that of its replay. Returns the
   * claim that is in force: another one if the pair is not claimed for `from`.
   */
  move(key: ClaimKey, from: Position, to: Claim): Promise<Claim>
  /**
   * Claims pairs whose ids were made for their records, and which `find` showed to be unclaimed. Only one consumer at a
   * time reads such a pair, so they are written in batches, without a condition on each (docs/adr/0011).
   */
  claimMade(pairs: readonly (ClaimKey & { readonly claim: Claim })[]): Promise<void>
  /**
   * Returns the claim of each pair, in input order; null for a pair without one. With `forStoring` a claim that would
   * end before an event that is stored now is renewed.
   */
  find(keys: readonly ClaimKey[], options?: { readonly forStoring?: boolean }): Promise<(Claim | null)[]>
  /** Returns the claims on an id, one for each source that used it; of hundreds of sources perhaps not all. */
  findById(id: string): Promise<(Claim & { readonly source: string })[]>
  /**
   * Leases the pair for LEASE_SECONDS, or until a time that is sooner (seconds since the epoch), unless it is claimed
   * (returns the claim) or another owner has a lease on it. The claim of the pair takes the place of its lease.
   */
  lease(key: ClaimKey, owner: string, until?: number): Promise<'taken' | 'in_flight' | Claim>
  /** Releases a lease, if it is this owner's and the pair is not claimed. */
  release(key: ClaimKey, owner: string): Promise<void>
  /** Binds a key to the first fingerprint that it comes with, for as long as a claim is kept. Returns that fingerprint. */
  bind(key: ClaimKey, fingerprint: string): Promise<string>
}

/** How long a lease lasts: longer than a write may take (5 s), short enough to wait for after a crash. */
export const LEASE_SECONDS = 6

/**
 * A lease that ends later than so many seconds from now was taken before the clock was set back: it is free. It is longer
 * than LEASE_SECONDS because the clocks of two machines differ; if they differ by more, two requests may write the same
 * event, and the claim decides.
 */
export const LONGEST_LEASE_SECONDS = LEASE_SECONDS + 2
