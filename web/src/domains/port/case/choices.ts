import { isUserName } from '#shared/core/access/principal.ts'
import type { Role } from '#shared/core/access/role.ts'
import { foldText } from '#shared/core/text/fold-text.ts'

export type Person = { readonly name: string; readonly role: Role }

/** One line of the list to assign from: a person, or nobody. */
export type Choice = { readonly assignee: string | null; readonly label: string; readonly note: string }

type Situation = {
  /** The name of the reader, who may be a key: it can assign, and nothing can be assigned to it. */
  readonly me: string
  readonly assignee: string | null
  readonly typed: string
}

/**
 * Returns what can be chosen: the reader first, then the others whose name contains what was typed, in their order, and
 * nobody at the end if it is assigned to somebody.
 */
export function choicesOf(people: readonly Person[], { me, assignee, typed }: Situation): readonly Choice[] {
  const wanted = foldText(typed.trim())
  const matches = (name: string) => foldText(name).includes(wanted)
  const noteOf = (name: string, note: string) => (name === assignee ? `${note}, assigned now` : note)
  const own = isUserName(me) && (matches(me) || 'me'.startsWith(wanted))
  return [
    ...(own ? [{ assignee: me, label: me, note: noteOf(me, 'me') }] : []),
    ...people
      .filter(({ name }) => name !== me && matches(name))
      .map(({ name, role }) => ({ assignee: name, label: name, note: noteOf(name, role) })),
    ...(assignee !== null && wanted === ''
      ? [{ assignee: null, label: 'Nobody', note: 'take it from everybody' }]
      : []),
  ]
}
