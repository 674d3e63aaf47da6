import { idName, type Principal } from '#shared/core/access/principal.ts'

/**
 * The names whose credentials were revoked, each with the time (milliseconds since 1970) up to which those that were
 * issued are refused.
 */
export type Revoked = ReadonlyMap<string, number>

/**
 * Which credentials have ended before their time: a user signed out or was removed from a group, a key was revoked. What
 * a reader is told is at most 2 s old; what it revoked itself, it sees at once.
 */
export type RevocationStore = {
  /** Returns all that are revoked. The map does not change later. Throws what the table throws. */
  current(): Promise<Revoked>
  /** Returns the time up to which the credentials of a name are revoked, or null. */
  since(name: string): Promise<number | null>
  /**
   * Refuses the credentials of a name that were issued until `atMs` from now on. `expiresMs` is when the last one of them
   * has ended by itself, and at the earliest when the last socket that was opened with one has; the entry is forgotten
   * then. Both only grow. Milliseconds since 1970.
   */
  revoke(name: string, atMs: number, expiresMs: number): Promise<void>
}

/**
 * Whether a credential was revoked, under its name or the id of its user. Tokens say the second in which they were issued, so one that is issued in the second
 * of the revocation is refused as well.
 */
export function isRevoked(
  { name, id, issued }: Pick<Principal, 'name' | 'id' | 'issued'>,
  revoked: Revoked,
): boolean {
  const isWithin = (since: number | undefined) => since !== undefined && issued <= since
  return isWithin(revoked.get(name)) || (id !== undefined && isWithin(revoked.get(idName(id))))
}

/** Whether a credential has expired, or was revoked. `now` is in milliseconds since 1970. */
export function hasEnded(
  credential: Pick<Principal, 'name' | 'id' | 'issued' | 'expires'>,
  now: number,
  revoked: Revoked,
): boolean {
  const { expires } = credential
  return (expires !== undefined && expires <= now) || isRevoked(credential, revoked)
}
