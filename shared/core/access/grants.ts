import { channelProblem } from '#shared/core/channel.ts'
import { Refusal } from '#shared/core/refusal.ts'
import { ROLES, type Role } from './role.ts'

/**
 * One thing that a credential is narrowed to: actions of the policy (a pattern such as `read`, `move.**`), and for
 * actions on events the channels and types (patterns as well).
 */
export type Grant = { readonly actions: string; readonly channels: string; readonly types: string }

/** What the scopes of a credential say. */
export type Scopes = {
  readonly roles: readonly Role[]
  readonly grants?: readonly Grant[]
  readonly sources?: readonly string[]
  readonly actsForOthers?: true
}

const SOURCE = 'source:'
const ACT_FOR_OTHERS = 'act-for-others'

/**
 * Reads scopes, which keys have as a list, service tokens as OAuth scopes, and users as names of their groups:
 *
 *   operator                      a role; the highest one counts
 *   read:port.**                  an action, on the channels of a pattern
 *   publish:port.**:port.ship.*   and for types of a pattern only
 *   dead-letters.read             an action that is not about channels
 *   source:urn:shop:orders        a source that belongs to the credential (percent-encoded where a scope must be)
 *   act-for-others                may write in the name of any user
 *
 * A credential with grants may do nothing else. Throws Refusal `malformed` for a text that is none of these.
 */
export function parseScopes(texts: readonly string[]): Scopes {
  const roles: Role[] = []
  const grants: Grant[] = []
  const sources: string[] = []
  let actsForOthers = false
  for (const text of texts) {
    const role = ROLES.find((name) => name === text)
    if (role) roles.push(role)
    else if (text === ACT_FOR_OTHERS) actsForOthers = true
    else if (text.startsWith(SOURCE)) sources.push(readSource(text))
    else grants.push(readGrant(text))
  }
  return {
    roles,
    ...(grants.length > 0 && { grants }),
    ...(sources.length > 0 && { sources }),
    ...(actsForOthers && { actsForOthers }),
  }
}

/** Returns a grant as a scope. */
export function formatGrant({ actions, channels, types }: Grant): string {
  if (types !== '**') return `${actions}:${channels}:${types}`
  return channels === '**' ? actions : `${actions}:${channels}`
}

function readGrant(text: string): Grant {
  const [actions = '', channels = '**', types = '**', more] = text.split(':')
  const problem = [actions, channels, types]
    .map((pattern) => channelProblem(pattern, { patterns: true }))
    .find((found) => found !== null)
  if (problem === undefined && more === undefined) return { actions, channels, types }
  const reason = problem === undefined ? '' : ` It ${problem}.`
  throw new Refusal(
    'malformed',
    `The scope ${JSON.stringify(text)} is not one of <role>, <action>, <action>:<channels>, <action>:<channels>:<types>, source:<uri> and act-for-others.${reason}`,
  )
}

function readSource(text: string): string {
  const source = text.slice(SOURCE.length)
  try {
    const decoded = decodeURIComponent(source)
    if (decoded !== '') return decoded
  } catch {
    // Not percent-encoded: said below.
  }
  throw new Refusal('malformed', `The scope ${JSON.stringify(text)} names no source.`)
}
