import type { Principal } from '#shared/core/access/principal.ts'

/** A viewer called ada, unless told otherwise. */
export function makePrincipal(given: Partial<Principal> = {}): Principal {
  return { kind: 'user', name: 'ada', role: 'viewer', issued: 0, ...given }
}
