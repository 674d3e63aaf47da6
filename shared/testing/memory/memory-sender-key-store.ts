import {
  type SenderKey,
  type SenderKeyStore,
  WANTED_AT_ONCE,
  WANTED_FOR_MS,
  type Wanted,
} from '#shared/pipeline/sender-key-store.ts'

/** A SenderKeyStore in memory, for tests. */
export function memorySenderKeyStore(): SenderKeyStore {
  const copies = new Map<string, SenderKey>()
  let noted: readonly Wanted[] = []
  return {
    async find(address) {
      return copies.get(address) ?? null
    },
    async save(address, key) {
      const known = copies.get(address)
      if (known === undefined || known.copied < key.copied) copies.set(address, key)
    },
    async want(wanted) {
      const others = noted.filter(
        ({ address, at }) => address !== wanted.address && at >= wanted.at - WANTED_FOR_MS,
      )
      if (others.length >= WANTED_AT_ONCE) return false
      noted = [...others, wanted]
      return true
    },
    async wanted() {
      return noted
    },
    async settle({ address, at }) {
      noted = noted.filter((one) => one.address !== address || one.at !== at)
    },
  }
}
