import { parseScopes, type Scopes } from '#shared/core/access/grants.ts'
import { ALL_ACTIONS } from '#shared/core/access/policy.ts'
import { isUserName, type Principal, serviceName } from '#shared/core/access/principal.ts'
import { highestRole } from '#shared/core/access/role.ts'
import { matchesChannel } from '#shared/core/channel.ts'
import { Refusal } from '#shared/core/refusal.ts'
import { messageOf } from '#shared/core/text/message-of.ts'

type Claims = Readonly<Record<string, unknown>>

/** The resource server of the user pool (serverless.yml), before each of its scopes. */
const RESOURCE_SERVER = 'tidewire/'
/** A claim that a trigger before the generation of tokens may add: scopes with spaces between them. */
const GRANTS_CLAIM = 'tidewire:grants'
const OTHER_SCOPES = ['source', 'act-for-others']

/**
 * Returns the principal of a token whose signature, issuer and times were verified. Throws Refusal `unauthenticated` for
 * what is no access token for this API, and `forbidden` for one without a role, or with a scope that is malformed:
 * leaving it out could widen what the token may do.
 *
 * A person's token is issued to the web app, and its groups are roles and scopes; other groups mean nothing here. A
 * service's token (client credentials) has no user, its `sub` is its client, and its scopes are those of the resource
 * server: the administrator of the pool decides which clients get them.
 */
export function principalOfClaims(claims: Claims, { clientId }: { readonly clientId: string }): Principal {
  const { token_use: use, client_id: client, username, iat, exp } = claims
  if (use !== 'access')
    throw new Refusal('unauthenticated', 'This is an ID token; send the access token instead.')
  if (!isTime(exp)) throw new Refusal('unauthenticated', 'This token has no end ("exp").')
  if (!isTime(iat))
    throw new Refusal('unauthenticated', 'This token does not say when it was issued ("iat").')
  const times = { issued: iat * 1000, expires: exp * 1000 }
  if (username === undefined && typeof client === 'string' && claims.sub === client)
    return { kind: 'service', name: serviceName(client), ...serviceScopes(claims), ...times }
  if (client !== clientId)
    throw new Refusal('unauthenticated', 'This token was issued to another application.')
  const name = String(username ?? claims.sub ?? '')
  if (!isUserName(name))
    throw new Refusal('forbidden', 'The name of this user is reserved for keys and services.')
  const id = typeof claims.sub === 'string' ? { id: claims.sub } : {}
  return { kind: 'user', name, ...id, ...userScopes(claims), ...times }
}

type Allowed = Pick<Principal, 'role' | 'grants' | 'sources' | 'actsForOthers'>

function serviceScopes({ scope }: Claims): Allowed {
  const scopes = words(scope)
    .filter((text) => text.startsWith(RESOURCE_SERVER))
    .map((text) => text.slice(RESOURCE_SERVER.length))
  if (scopes.length === 0)
    throw new Refusal('unauthenticated', 'This token was issued to another application.')
  return allowed(
    read(scopes),
    'This service has none of the scopes tidewire/viewer, …/publisher, …/operator and …/admin; give its app client one.',
  )
}

function userScopes({ 'cognito:groups': groups, [GRANTS_CLAIM]: grants }: Claims): Allowed {
  const named = (Array.isArray(groups) ? groups : []).filter((group) => typeof group === 'string')
  return allowed(
    read([...named.filter((group) => isRole(group) || isScope(group)), ...words(grants)]),
    'This user is in none of the groups viewer, publisher, operator and admin; ask an administrator.',
  )
}

function allowed({ roles, ...rest }: Scopes, without: string): Allowed {
  const role = highestRole(roles)
  if (role === null) throw new Refusal('forbidden', without)
  return { role, ...rest }
}

function read(scopes: readonly string[]): Scopes {
  try {
    return parseScopes(scopes)
  } catch (cause) {
    throw new Refusal('forbidden', `This token cannot be used: ${messageOf(cause)}`, { cause })
  }
}

function isRole(group: string): boolean {
  return highestRole([group]) !== null
}

/** Whether the name of a group is meant as a scope: it begins with an action of the policy, or a pattern of some. */
function isScope(group: string): boolean {
  const [first = ''] = group.split(':')
  return OTHER_SCOPES.includes(first) || ALL_ACTIONS.some((action) => matchesChannel(first, action))
}

function words(claim: unknown): string[] {
  return typeof claim === 'string' ? claim.split(/\s+/).filter((word) => word !== '') : []
}

/** A time of a token, in seconds since 1970 (RFC 7519 §2, NumericDate). */
function isTime(claim: unknown): claim is number {
  return typeof claim === 'number' && Number.isFinite(claim)
}
