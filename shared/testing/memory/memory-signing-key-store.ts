import type { SigningKeyStore, SigningKeys } from '#shared/pipeline/signing-key-store.ts'

/** A SigningKeyStore in memory, for tests. */
export function memorySigningKeyStore(): SigningKeyStore {
  const copies = new Map<string, SigningKeys>()
  return {
    async find(issuer) {
      return copies.get(issuer) ?? null
    },
    async save(issuer, keys) {
      const known = copies.get(issuer)
      if (known === undefined || known.copied < keys.copied) copies.set(issuer, keys)
    },
  }
}
