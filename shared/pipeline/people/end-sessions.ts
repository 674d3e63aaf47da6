import type { RevocationStore } from '#shared/pipeline/revocations.ts'

export type SessionDeps = {
  readonly revocations: Pick<RevocationStore, 'revoke'>
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/**
 * How long a revocation is kept: Cognito's access tokens last 24 h at most, and a socket that was opened with one in its
 * last second 2 h more.
 */
const KEPT_MS = 26 * 3_600_000

/**
 * Ends what was opened with the credentials of a name: tokens that were issued until `at`, now if it is left out, are
 * refused within 2 s, and sockets are closed with their next delivery or ping. What is issued later is good. Returns
 * `at` as RFC 3339.
 */
export async function endSessions(
  name: string,
  { revocations, now }: SessionDeps,
  at = now(),
): Promise<string> {
  await revocations.revoke(name, at, Math.max(at, now()) + KEPT_MS)
  return new Date(at).toISOString()
}
