import type { RevocationStore } from '#shared/pipeline/revocations.ts'

/** A RevocationStore in memory, for tests. `now` returns milliseconds. */
export function memoryRevocationStore(now: () => number = Date.now): RevocationStore {
  const entries = new Map<string, { readonly since: number; readonly until: number }>()
  const current = async () =>
    new Map([...entries].filter(([, { until }]) => until > now()).map(([name, { since }]) => [name, since]))
  return {
    current,
    since: async (name) => (await current()).get(name) ?? null,
    async revoke(name, atMs, expiresMs) {
      const older = entries.get(name)
      const since = Math.max(atMs, older?.since ?? atMs)
      entries.set(name, { since, until: Math.max(expiresMs, older?.until ?? expiresMs) })
    },
  }
}
