import type { People, Person } from '#shared/pipeline/people/directory.ts'

/** People in memory, for tests. As in a user pool, capitals make no difference for finding somebody. */
export function memoryPeople(known: readonly Person[]): People & { readonly signedOut: readonly string[] } {
  const signedOut: string[] = []
  return {
    signedOut,
    signOut: async (name) => void signedOut.push(name),
    all: async () => known,
    find: async (wanted) => known.find(({ name }) => name.toLowerCase() === wanted.toLowerCase()) ?? null,
  }
}
