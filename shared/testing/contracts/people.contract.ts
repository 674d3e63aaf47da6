import { describe, expect, test } from 'vitest'
import type { People, Person } from '#shared/pipeline/people/directory.ts'

/** Who the pool of the contract has. */
export const PEOPLE: readonly Person[] = [
  { name: 'ada@example.com', role: 'admin' },
  { name: 'bob@example.com', role: 'viewer' },
  { name: 'zoe@example.com', role: 'operator' },
]

/** The contract of every People. `make` opens one that has PEOPLE. */
export function describePeople(name: string, make: () => Promise<People>): void {
  describe(`the people ${name}`, () => {
    test('are all who can sign in, each once, with the highest of their roles', async () => {
      const all = await (await make()).all()

      expect([...all].sort((one, other) => (one.name < other.name ? -1 : 1))).toEqual(PEOPLE)
    })
  })
}
