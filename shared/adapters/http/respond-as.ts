import { type AuditedAction, actorOf } from '#shared/core/audit.ts'
import type { Principal } from '#shared/core/principal.ts'
import { type ErrorCode, Refusal } from '#shared/core/refusal.ts'
import type { Audit } from '#shared/pipeline/audit/audit.ts'
import type { HttpRequest, HttpResponse } from './http-message.ts'
import { type Identify, requirePrincipal } from './require-principal.ts'

/** What the audit trail calls a refusal: one that was thrown, and one that a part of the function has made a response. */
const BY_CODE: { readonly [Code in ErrorCode]?: AuditedAction } = {
  unauthenticated: 'credentials.refused',
  forbidden: 'refused',
  rate_limited: 'limited',
}
const BY_STATUS: { readonly [status: number]: AuditedAction } = { 403: 'refused', 429: 'limited' }

type Refused = { readonly action: AuditedAction; readonly reason: string }

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
    const response = await respond(principal)
    await recordRefusal(refusedBy(response))
    return response
  } catch (error) {
    await recordRefusal(refusedWith(error))
    throw error
  }

  async function recordRefusal(refused: Refused | null): Promise<void> {
    if (refused === null || (principal === undefined && !hasCredentials(request))) return
    const { method, path, caller } = request
    // The first segment of the path is that of a route, the others are chosen by the sender.
    const [, first = ''] = path.split('/')
    await audit.record({
      ...refused,
      ...(principal && { principal: actorOf(principal) }),
      caller,
      target: `${method} ${path}`,
      group: `${method} ${first}`,
    })
  }
}

function refusedWith(error: unknown): Refused | null {
  const action = error instanceof Refusal ? BY_CODE[error.code] : undefined
  return action ? { action, reason: (error as Refusal).message } : null
}

function refusedBy({ status, body }: HttpResponse): Refused | null {
  const action = BY_STATUS[status]
  const { detail } = (body ?? {}) as { readonly detail?: unknown }
  return action ? { action, reason: String(detail) } : null
}

/** A request without credentials is no attempt: browsers and scanners make many. */
function hasCredentials({ headers }: Pick<HttpRequest, 'headers'>): boolean {
  return Boolean(headers['x-api-key'] || headers.authorization)
}
