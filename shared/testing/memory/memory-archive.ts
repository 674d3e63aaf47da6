import type { Archive } from '#shared/pipeline/archive/archive.ts'

const MOST_KEYS = 1000

/** An Archive in memory, for tests. `keys` are those of all its objects, in their order. */
export function memoryArchive(): Archive & { readonly keys: () => readonly string[] } {
  const objects = new Map<string, { readonly bytes: Uint8Array; readonly version: string }>()
  let versions = 0
  const write = (key: string, bytes: Uint8Array) => {
    versions += 1
    objects.set(key, { bytes, version: `v${versions}` })
    return true
  }
  const keys = () => [...objects.keys()].sort()
  return {
    keys,
    put: async (key, bytes) => !objects.has(key) && write(key, bytes),
    get: async (key) => objects.get(key) ?? null,
    list: async (prefix, after) =>
      keys()
        .filter((key) => key.startsWith(prefix) && key > after)
        .slice(0, MOST_KEYS),
    replace: async (key, bytes, version) => objects.get(key)?.version === version && write(key, bytes),
  }
}
