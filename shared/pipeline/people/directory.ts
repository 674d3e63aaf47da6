import type { Role } from '#shared/core/access/role.ts'
import { Refusal } from '#shared/core/refusal.ts'
import { foldText } from '#shared/core/text/fold-text.ts'

/** Somebody who can sign in, under the name that events and the audit trail say. */
export type Person = { readonly name: string; readonly role: Role }

/** The people that a user pool knows. Each throws if it cannot be asked. */
export type People = {
  /** Everybody who can sign in, in any order; of very many, a part. */
  all(): Promise<readonly Person[]>
  /** Ends the refresh tokens of a user. Does nothing if there is no such user. */
  signOut(name: string): Promise<void>
}

export type PeopleQuery = { readonly q: string; readonly limit: number }

/** Who there is. Each throws Refusal `unavailable` if the user pool cannot be asked. */
export type Directory = {
  /** The people whose name contains `q`, ignoring case, sorted by name. */
  list(query: PeopleQuery): Promise<readonly Person[]>
  /** Ends the refresh tokens of a user. Does nothing if there is no such user. */
  signOut(name: string): Promise<void>
}

type Options = {
  /** Milliseconds since 1970. */
  readonly now: () => number
}

const KNOWN_MS = 30_000
const RETRY_AFTER_SECONDS = 2

/**
 * Remembers what the user pool said for 30 s. Everybody is read at once: searching then costs nothing, and the pool itself
 * could only search for the beginning of a name.
 */
export function createDirectory(people: People, { now }: Options): Directory {
  let everybody: { readonly value: Promise<readonly Person[]>; readonly until: number } | undefined

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

  return {
    async list({ q, limit }) {
      const wanted = foldText(q)
      return (await readAll()).filter(({ name }) => foldText(name).includes(wanted)).slice(0, limit)
    },
    signOut: (name) => ask(() => people.signOut(name)),
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
