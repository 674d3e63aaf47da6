import { type AuditedAction, actorOf } from '#shared/core/audit.ts'
import type { Principal } from '#shared/core/principal.ts'
import { type ErrorCode, Refusal } from '#shared/core/refusal.ts'
import type { Audit } from '#shared/pipeline/audit/audit.ts'
import type { HttpRequest, HttpResponse } from './http-message.ts'

/** The ways to identify the sender of a request. */
export type Identify = {
  /** Null for a key that is unknown, has expired or was revoked. */
  readonly byKey: (key: string) => Promise<Principal | null>
  /** Throws Refusal with what is wrong with the token. */
  readonly byToken: (token: string) => Promise<Principal>
}

/** API keys begin so, which no token does. */
const KEY_PREFIX = 'tw_'
const UNKNOWN_KEY = 'This API key is not known, has expired or was revoked.'

/**
 * Who sent a request, by its `x-api-key`, or else its `authorization: Bearer` with an access token or an API key.
 * Throws Refusal `unauthenticated`, and what the ways to identify throw.
 */
export async function requirePrincipal(
  { headers }: Pick<HttpRequest, 'headers'>,
  { byKey, byToken }: Identify,
): Promise<Principal> {
  const { 'x-api-key': key, authorization } = headers
  const ofKey = async (secret: string) => (await byKey(secret)) ?? refuse(UNKNOWN_KEY)
  if (key) return ofKey(key)
  if (!authorization)
    return refuse('Send an API key in the header "x-api-key", or "authorization: Bearer <access token>".')
  // RFC 9110 §11.1: the name of the scheme is case-insensitive.
  const [, token] = /^bearer +(\S+) *$/i.exec(authorization) ?? []
  if (!token)
    return refuse('The header "authorization" must be "Bearer <access token>", or "Bearer <API key>".')
  return token.startsWith(KEY_PREFIX) ? ofKey(token) : byToken(token)
}

/** What the audit trail calls a refusal. */
const AUDITED: { readonly [Code in ErrorCode]?: AuditedAction } = {
  unauthenticated: 'credentials.refused',
  forbidden: 'refused',
  rate_limited: 'limited',
}

/**
 * Responds to a request in the name of its principal. Every route that asks for credentials does so here, so that the
 * audit trail has each refusal of credentials, actions and rates. Throws what `respond` throws, and Refusal
 * `unauthenticated`.
 */
export async function respondAs(
  request: HttpRequest,
  { identify, audit }: { readonly identify: Identify; readonly audit: Audit },
  respond: (principal: Principal) => HttpResponse | Promise<HttpResponse>,
): Promise<HttpResponse> {
  let principal: Principal | undefined
  try {
    principal = await requirePrincipal(request, identify)
    return await respond(principal)
  } catch (error) {
    const action = error instanceof Refusal ? AUDITED[error.code] : undefined
    if (action && (principal || hasCredentials(request)))
      await auditRefusal(action, error as Refusal, { request, principal, audit })
    throw error
  }
}

async function auditRefusal(
  action: AuditedAction,
  { message }: Refusal,
  {
    request: { method, path, caller },
    principal,
    audit,
  }: { readonly request: HttpRequest; readonly principal: Principal | undefined; readonly audit: Audit },
): Promise<void> {
  // The first segment of the path is that of a route, the others are chosen by the sender.
  const [, group = ''] = path.split('/')
  await audit.record({
    action,
    caller,
    target: `${method} ${path}`,
    reason: message,
    group: `${method} ${group}`,
    ...(principal && { principal: actorOf(principal) }),
  })
}

/** A request without credentials is no attempt: browsers and scanners make many. */
function hasCredentials({ headers }: Pick<HttpRequest, 'headers'>): boolean {
  return Boolean(headers['x-api-key'] || headers.authorization)
}

function refuse(detail: string): never {
  throw new Refusal('unauthenticated', detail)
}
