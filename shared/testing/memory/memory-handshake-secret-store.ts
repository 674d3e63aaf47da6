import { type HandshakeSecretStore, KEPT_SECRETS } from '#shared/pipeline/handshake-secret-store.ts'

/** A HandshakeSecretStore in memory, for tests. */
export function memoryHandshakeSecretStore(): HandshakeSecretStore {
  const kept = new Map<string, readonly string[]>()
  return {
    async list(source) {
      return kept.get(source) ?? []
    },
    async keep(source, secret) {
      const known = kept.get(source) ?? []
      if (known.includes(secret)) return true
      if (known.length >= KEPT_SECRETS) return false
      kept.set(source, [...known, secret])
      return true
    },
  }
}
