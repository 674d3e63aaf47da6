import type { Identify } from '#shared/adapters/http/require-principal.ts'
import type { Principal } from '#shared/core/access/principal.ts'
import { Refusal } from '#shared/core/refusal.ts'
import { isRevoked, type RevocationStore } from '#shared/pipeline/revocations.ts'

/**
 * Identifies as given, and refuses credentials that were revoked since they were issued. Throws Refusal
 * `unauthenticated` for these, and what `identify` and the store throw.
 */
export function unlessRevoked(
  { byKey, byToken }: Identify,
  revocations: Pick<RevocationStore, 'current'>,
): Identify {
  const check = async <P extends Principal | null>(identifying: Promise<P>): Promise<P> => {
    const [principal, revoked] = await Promise.all([identifying, revocations.current()])
    if (principal !== null && isRevoked(principal, revoked))
      throw new Refusal(
        'unauthenticated',
        'These credentials were revoked; sign in again, or use other ones.',
      )
    return principal
  }
  return {
    byKey: (key) => check(byKey(key)),
    byToken: (token) => check(byToken(token)),
  }
}
