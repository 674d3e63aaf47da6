import type { Person } from './directory.ts'

/**
 * Who can be assigned to, where functions find it that cannot ask the user pool (docs/adr/0041). A person has one entry;
 * capitals make no difference to whose it is.
 */
export type PersonStore = {
  /** Returns everybody, in any order, with strong consistency. */
  all(): Promise<readonly Person[]>
  /** Returns who has this name, with strong consistency; their own spelling of it may have other capitals. */
  find(name: string): Promise<Person | null>
  /** Saves people, in place of those with the same names. */
  put(people: readonly Person[]): Promise<void>
  /** Removes people by name. A name that nobody has changes nothing. */
  remove(names: readonly string[]): Promise<void>
  /** Notes that everybody was copied, at a time in milliseconds since 1970. */
  noteCopied(at: number): Promise<void>
  /** Returns when everybody was copied last; null if never. */
  copied(): Promise<number | null>
}

/** The part of a name that says whose it is. */
export function identityOfName(name: string): string {
  return name.toLowerCase()
}
