import type { People, Person } from '#shared/pipeline/people/directory.ts'

/** People in memory, for tests. */
export function memoryPeople(known: readonly Person[]): People & { readonly signedOut: readonly string[] } {
  const signedOut: string[] = []
  return {
    signedOut,
    signOut: async (name) => void signedOut.push(name),
    all: async () => known,
  }
}
