import type { Role } from '#shared/core/access/role.ts'
import { Refusal } from '#shared/core/refusal.ts'

/** Somebody who can sign in, under the name that events and the audit trail say. */
export type Person = { readonly name: string; readonly role: Role }

/** The people that a user pool knows. Each throws if it cannot be asked. */
export type People = {
  /** Everybody who can sign in, in any order; of very many, a part. */
  all(): Promise<readonly Person[]>
  /** Who can sign in under this name; its own spelling of the name may have other capitals. */
  find(name: string): Promise<Person | null>
  /** Ends the refresh tokens of a user. Does nothing if there is no such user. */
  signOut(name: string): Promise<void>
}

export type PeopleQuery = { readonly q: string; readonly limit: number }

/** Who there is. Each throws Refusal `unavailable` if the user pool cannot be asked. */
export type Directory = {
  /** The people whose name contains `q`, ignoring case, sorted by name. */
  list(query: PeopleQuery): Promise<readonly Person[]>
  find(name: string): Promise<Person | null>
  /** Ends the refresh tokens of a user. Does nothing if there is no such user. */
  signOut(name: string): Promise<void>
}

type Options = {
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly maxNames?: number
}

const KNOWN_MS = 30_000
/** Somebody who was just created must not be refused for long. */
const UNKNOWN_MS = 3000
const RETRY_AFTER_SECONDS = 2

/**
 * Remembers what the user pool said for 30 s, and for 3 s that a name is unknown. The number of names is bounded,
 * because senders may invent them. Everybody is read at once: searching then costs nothing, and the pool itself could
 * only search for the beginning of a name.
 */
export function createDirectory(people: People, { now, maxNames = 10_000 }: Options): Directory {
  type Known<Value> = { readonly value: Promise<Value>; until: number }
  const names = new Map<string, Known<Person | null>>()
  let everybody: Known<readonly Person[]> | undefined

  const readAll = (): Promise<readonly Person[]> => {
    if (everybody && now() < everybody.until) return everybody.value
    const value = ask(async () =>
      [...(await people.all())].sort((one, other) => (one.name < other.name ? -1 : 1)),
    )
    const known = { value, until: now() + KNOWN_MS }
    everybody = known
    value.catch(() => {
      if (everybody === known) everybody = undefined
    })
    return value
  }

  const read = (name: string): Promise<Person | null> => {
    const value = ask(() => people.find(name))
    const known = { value, until: now() + KNOWN_MS }
    if (names.size >= maxNames) names.clear()
    names.set(name, known)
    value.then(
      (found) => {
        if (found === null) known.until = now() + UNKNOWN_MS
      },
      () => {
        if (names.get(name) === known) names.delete(name)
      },
    )
    return value
  }

  return {
    async list({ q, limit }) {
      const wanted = q.toLowerCase()
      return (await readAll()).filter(({ name }) => name.toLowerCase().includes(wanted)).slice(0, limit)
    },
    signOut: (name) => ask(() => people.signOut(name)),
    async find(name) {
      const known = names.get(name)
      return known && now() < known.until ? known.value : read(name)
    },
  }
}

async function ask<Value>(run: () => Promise<Value>): Promise<Value> {
  try {
    return await run()
  } catch (cause) {
    const detail = 'The directory of people cannot be asked at the moment. Try again.'
    throw new Refusal('unavailable', detail, { retryAfterSeconds: RETRY_AFTER_SECONDS, cause })
  }
}
