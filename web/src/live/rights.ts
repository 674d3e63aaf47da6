import { may, mayPublish } from '#shared/core/access/authorize.ts'
import { ACTIONS, type Action } from '#shared/core/access/policy.ts'
import { ROLES, type Role } from '#shared/core/access/role.ts'

/** What a control of the page does: an action of the policy, or writing events of a type on a channel. */
export type Deed = Action | { readonly publish: string; readonly on: string }

type User = { readonly name: string; readonly role: Role | null }

/** Returns whether the policy lets a user do something, as far as the page knows. The server decides. */
export function isAllowed(user: User, deed: Deed): boolean {
  const { name, role } = user
  if (role === null) return false
  const subject = { name, role }
  return typeof deed === 'string' ? may(subject, deed) : mayPublish(subject, deed.on, deed.publish)
}

/** Returns what a user lacks to do something, as a sentence to show beside the control; null if nothing. */
export function rightProblem(user: User, deed: Deed): string | null {
  if (isAllowed(user, deed)) return null
  const lowest =
    typeof deed === 'string' ? ACTIONS[deed] : ROLES.find((role) => isAllowed({ ...user, role }, deed))
  if (lowest === undefined) return 'Nobody may do this here.'
  return `This takes the role ${lowest}; yours is ${user.role ?? 'none'}.`
}
