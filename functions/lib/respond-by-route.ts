import { httpHandler } from '#shared/adapters/http/http-handler.ts'
import type { HttpRequest, HttpResponse } from '#shared/adapters/http/http-message.ts'
import type { Identify } from '#shared/adapters/http/require-principal.ts'
import { respondAs } from '#shared/adapters/http/respond-as.ts'
import { assertMay } from '#shared/core/access/authorize.ts'
import type { Action } from '#shared/core/access/policy.ts'
import type { Principal } from '#shared/core/access/principal.ts'
import { Refusal } from '#shared/core/refusal.ts'
import type { Audit } from '#shared/pipeline/audit/audit.ts'
import type { Limits } from '#shared/pipeline/limits/limits.ts'
import type { Telemetry } from '#shared/pipeline/telemetry/telemetry.ts'
import { findRoute } from './find-route.ts'

/** A route with its action of the policy. */
type Route = {
  readonly action: Action
  readonly respond: (request: HttpRequest, principal: Principal) => HttpResponse | Promise<HttpResponse>
}

/**
 * Makes the handler of a function whose routes all need credentials. Routes are named by method and path, such as
 * `GET /keys`. It responds 401 without credentials, 403 where the policy does not grant the action, and 404 to what no
 * route claims.
 */
export function respondByRoute(
  routes: Readonly<Record<string, Route>>,
  {
    telemetry,
    ...deps
  }: {
    readonly identify: Identify
    readonly audit: Audit
    readonly limits: Limits
    readonly telemetry: Telemetry | undefined
  },
) {
  return httpHandler(
    (sent) =>
      respondAs(sent, deps, (principal, request) => {
        const found = findRoute(routes, request)
        if (found === undefined) throw new Refusal('not_found', `There is no ${request.path} here.`)
        const { route, pathParameters } = found
        assertMay(principal, route.action)
        return route.respond({ ...request, pathParameters }, principal)
      }),
    telemetry,
  )
}
