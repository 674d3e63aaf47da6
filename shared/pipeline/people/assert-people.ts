import { isUserName } from '#shared/core/access/principal.ts'
import { type Fault, faultsRefusal } from '#shared/core/refusal.ts'
import type { PersonStore } from './person-store.ts'

type Body = Readonly<Record<string, unknown>>

/**
 * Throws Refusal `invalid_event` unless each of these members of a body names one of the people, exactly as they are
 * written there. A member without a text, such as null, names nobody.
 */
export async function assertPeople(
  body: Body,
  members: readonly string[],
  people: Pick<PersonStore, 'find'>,
): Promise<void> {
  const faults: Fault[] = []
  for (const member of members) {
    const name = body[member]
    const detail = typeof name === 'string' ? await nameProblem(name, people) : null
    if (detail !== null) faults.push({ pointer: `/${member}`, detail })
  }
  if (faults.length > 0) throw faultsRefusal('invalid_event', faults)
}

async function nameProblem(name: string, people: Pick<PersonStore, 'find'>): Promise<string | null> {
  if (!isUserName(name))
    return `must name a person, and "${name}" is a key or a service. GET /users lists the people.`
  const person = await people.find(name)
  if (person === null)
    return `names nobody: there is no user "${name}". GET /users lists the people; somebody new can be named after a minute.`
  if (person.name !== name) return `names nobody: do you mean "${person.name}"?`
  return null
}
