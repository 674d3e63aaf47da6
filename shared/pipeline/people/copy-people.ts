import type { People, Person } from './directory.ts'
import { identityOfName, type PersonStore } from './person-store.ts'

type Options = {
  /** The user pool, which lists everybody or throws. */
  readonly people: Pick<People, 'all'>
  readonly store: PersonStore
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/**
 * Brings the store to what the user pool lists. Writes only what differs. Throws if the pool does not list everybody, and
 * then changes nothing. An empty list removes nobody either: it is rather a mistake than a stage that nobody can use.
 */
export async function copyPeople({ people, store, now }: Options): Promise<void> {
  const began = now()
  const [listed, known] = await Promise.all([people.all(), store.all()])
  const before = byIdentity(known)
  const after = byIdentity(listed)
  const changed = [...after].filter(([identity, person]) => !isSame(person, before.get(identity)))
  await store.put(changed.map(([, person]) => person))
  const gone = after.size === 0 ? [] : [...before].filter(([identity]) => !after.has(identity))
  await store.remove(gone.map(([, { name }]) => name))
  await store.noteCopied(began)
}

function byIdentity(people: readonly Person[]): ReadonlyMap<string, Person> {
  return new Map(people.map((person) => [identityOfName(person.name), person]))
}

function isSame(one: Person, other: Person | undefined): boolean {
  return one.name === other?.name && one.role === other.role
}
