import type { Person } from '#shared/pipeline/people/directory.ts'
import { identityOfName, type PersonStore } from '#shared/pipeline/people/person-store.ts'

/** A PersonStore in memory, for tests, with people in the beginning. */
export function memoryPersonStore(given: readonly Person[] = []): PersonStore {
  const known = new Map(given.map((person) => [identityOfName(person.name), person]))
  let copied: number | null = null
  return {
    all: async () => [...known.values()],
    find: async (name) => known.get(identityOfName(name)) ?? null,
    async put(people) {
      for (const person of people) known.set(identityOfName(person.name), person)
    },
    async remove(names) {
      for (const name of names) known.delete(identityOfName(name))
    },
    async noteCopied(at) {
      copied = at
    },
    copied: async () => copied,
  }
}
