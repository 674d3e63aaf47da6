import type { Principal } from '#shared/core/access/principal.ts'

import { type AuditedAction, actorOf } from '#shared/core/audit.ts'
import { type ErrorCode, Refusal } from '#shared/core/refusal.ts'
import type { Audit } from '#shared/pipeline/audit/audit.ts'
import { clientOf } from '#shared/pipeline/limits/client-of.ts'
import type { Limits, Permit } from '#shared/pipeline/limits/limits.ts'
import { decodeBody } from './decode-body.ts'
import type { HttpRequest, HttpResponse } from './http-message.ts'
import { problemResponse } from './problem.ts'
import { assertWithinRate, rateClassOf, withRate } from './rate-limit.ts'
import { type Identify, keyIn, requirePrincipal } from './require-principal.ts'

/** What the audit trail calls a refusal. */
const AUDITED: { readonly [Code in ErrorCode]?: AuditedAction } = {
  unauthenticated: 'credentials.refused',
  forbidden: 'refused',
  rate_limited: 'limited',
}

type Respond<Args extends readonly unknown[]> = (...args: Args) => HttpResponse | Promise<HttpResponse>

/**
 * Responds to a request in the name of its principal, within its rate. The request that `respond` gets has no content
 * coding: its body is decoded after the credentials are known. Every route that asks for credentials does so here,
 * so that each has its limits, and the audit trail has each refusal of credentials, actions and rates. What is thrown
 * becomes a problem; rejects only if the function was late.
 */
export async function respondAs(
  request: HttpRequest,
  deps: { readonly identify: Identify; readonly audit: Audit; readonly limits: Limits },
  respond: Respond<[principal: Principal, request: HttpRequest]>,
): Promise<HttpResponse> {
  const { audit, limits } = deps
  const identified = await identifyWithin(request, deps).then(
    (principal) => ({ principal, error: undefined }),
    (error: unknown) => ({ principal: undefined, error }),
  )
  const { principal } = identified
  const permit = principal
    ? limits.take(rateClassOf(request), principal.name)
    : limits.take('open', clientOf(request.caller.address ?? ''))
  return respondWithHeaders(request, permit, async () => {
    try {
      await assertWithinRate(permit)
      if (principal === undefined) throw identified.error
      return await respond(principal, decodeBody(request))
    } catch (error) {
      if (error instanceof Refusal) await auditRefusal(error, { request, principal, audit })
      throw error
    }
  })
}

/** Responds to a request that needs no credentials, within the rate of its address. As `respondAs` about errors. */
export async function respondOpenly(
  request: HttpRequest,
  { limits }: { readonly limits: Limits },
  respond: Respond<[]>,
): Promise<HttpResponse> {
  const permit = limits.take('open', clientOf(request.caller.address ?? ''))
  return respondWithin(request, permit, respond)
}

/** Responds if a permit allows it. As `respondAs` about errors. */
export async function respondWithin(
  request: Pick<HttpRequest, 'signal'>,
  permit: Permit | null,
  respond: Respond<[]>,
): Promise<HttpResponse> {
  return respondWithHeaders(request, permit, async () => {
    await assertWithinRate(permit)
    return respond()
  })
}

/** Says in every response what is left of the rate, and waits until the request was counted. */
async function respondWithHeaders(
  { signal }: Pick<HttpRequest, 'signal'>,
  permit: Permit | null,
  respond: Respond<[]>,
): Promise<HttpResponse> {
  try {
    return withRate(await respond(), permit)
  } catch (error) {
    if (error === signal.reason) throw error
    return withRate(problemResponse(error), permit)
  } finally {
    await permit?.counted
  }
}

async function identifyWithin(
  request: HttpRequest,
  { identify, limits }: { readonly identify: Identify; readonly limits: Limits },
): Promise<Principal> {
  const check = () => requirePrincipal(request, identify)
  // A request without credentials is no attempt: browsers and scanners make many.
  if (!hasCredentials(request)) return check()
  return limits.check(clientOf(request.caller.address ?? ''), keyIn(request), check)
}

async function auditRefusal(
  { code, message }: Refusal,
  {
    request,
    principal,
    audit,
  }: { readonly request: HttpRequest; readonly principal: Principal | undefined; readonly audit: Audit },
): Promise<void> {
  const action = AUDITED[code]
  const isAttempt = principal !== undefined || hasCredentials(request) || code === 'rate_limited'
  if (action === undefined || !isAttempt) return
  const { method, path, caller } = request
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

function hasCredentials({ headers }: Pick<HttpRequest, 'headers'>): boolean {
  return Boolean(headers['x-api-key'] || headers.authorization)
}
