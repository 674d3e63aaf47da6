import type { Grant } from './grants.ts'
import { ROLES, type Role } from './role.ts'

/**
 * The person, service or key behind a request or a connection. Names are unique among all kinds: a key is
 * `key:<id>`, a service `service:<client id>`, and no user name can begin so (`userName`). A name is what events and
 * the audit trail say about who acted, and what limits are counted by.
 */
export type Principal = {
  readonly kind: 'user' | 'service' | 'key'
  readonly name: string
  /** The id that the user pool gave a person, which a new user of the same name does not have. */
  readonly id?: string
  readonly role: Role
  /** What the role is narrowed to; without it everything that the role may do. */
  readonly grants?: readonly Grant[]
  /** The CloudEvents sources that belong to it: nobody else can write with them. */
  readonly sources?: readonly string[]
  /** It may write in the name of any user, as a simulator or a migration must. No role includes this. */
  readonly actsForOthers?: true
  /** When the credential was issued and when it ends, in milliseconds since 1970. */
  readonly issued: number
  readonly expires?: number
}

const PREFIXES = { service: 'service:', key: 'key:', id: 'id:' } as const

export function serviceName(client: string): string {
  return `${PREFIXES.service}${client}`
}

export function keyName(id: string): string {
  return `${PREFIXES.key}${id}`
}

/** The name under which the credentials of a person are revoked of whom only the id is known. */
export function idName(id: string): string {
  return `${PREFIXES.id}${id}`
}

/** Whether a name can be that of a user: not one of a service, a key or an id, nor empty. */
export function isUserName(name: string): boolean {
  return name !== '' && !Object.values(PREFIXES).some((prefix) => name.startsWith(prefix))
}

/** Whether a role is at least as high as another. */
export function isAtLeast(role: Role, lowest: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(lowest)
}
