import { createHash, timingSafeEqual } from 'node:crypto'
import { keyName, type Principal } from '#shared/core/principal.ts'

/** An API key as it is configured: never the key itself, only its SHA-256 in hex. */
export type HashedKey = {
  readonly name: string
  readonly role: Principal['role']
  readonly sha256: string
  readonly actsForOthers?: boolean
}

/** Returns the principal of a key, or null. Compares in constant time. */
export function apiKeyIdentity(keys: readonly HashedKey[]): (key: string) => Principal | null {
  const hashes = keys.map(({ sha256, name, role, actsForOthers = false }) => {
    const principal: Principal = {
      kind: 'key',
      name: keyName(name),
      role,
      issued: 0,
      ...(actsForOthers && { actsForOthers }),
    }
    return { principal, hash: Buffer.from(sha256, 'hex') }
  })
  return (key) => {
    const hash = createHash('sha256').update(key).digest()
    const known = hashes.find((candidate) => timingSafeEqual(candidate.hash, hash))
    return known?.principal ?? null
  }
}
