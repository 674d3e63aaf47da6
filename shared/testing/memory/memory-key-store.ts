import type { ApiKey, KeyStore } from '#shared/pipeline/keys/key-store.ts'

/** A KeyStore in memory, for tests. */
export function memoryKeyStore(): KeyStore {
  const keys = new Map<string, ApiKey>()
  const used = new Map<string, number>()
  const sources = new Map<string, string>()
  return {
    async add(key) {
      if (keys.has(key.id)) return false
      keys.set(key.id, key)
      return true
    },
    async replace(key) {
      if (keys.get(key.id)?.version !== key.version - 1) return false
      keys.set(key.id, key)
      return true
    },
    async remove(id) {
      keys.delete(id)
    },
    async find(id) {
      return keys.get(id) ?? null
    },
    async findBySecret(hash) {
      return [...keys.values()].find(({ secrets }) => secrets.some((secret) => secret.hash === hash)) ?? null
    },
    async list() {
      return [...keys.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
    },
    async use(id, at) {
      used.set(id, Math.max(at, used.get(id) ?? 0))
    },
    async uses() {
      return new Map(used)
    },
    async claimSource(source, id) {
      const owner = sources.get(source) ?? id
      sources.set(source, owner)
      return owner
    },
    async releaseSource(source, id) {
      if (sources.get(source) === id) sources.delete(source)
    },
    async sourceOwner(source) {
      return sources.get(source) ?? null
    },
  }
}
