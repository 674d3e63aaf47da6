import { httpHandler } from '#shared/adapters/http/http-handler.ts'
import { problemResponse } from '#shared/adapters/http/problem.ts'
import { requirePrincipal } from '#shared/adapters/http/require-principal.ts'
import { methodsOf } from '#shared/api/openapi.ts'
import { Refusal } from '#shared/core/refusal.ts'
import { identify } from './compose.ts'
import { findRoute } from './read-routes.ts'

/** Everything that is read over HTTP; also answers what no route claims, preflights of other routes among them. */
export const handler = httpHandler(async (request) => {
  const { method, path } = request
  if (method === 'OPTIONS') return { status: 204 }
  const found = findRoute(request)
  if (found === undefined) return refuseRoute(method, path)
  const { route, pathParameters } = found
  if (route.isOpen) return route.respond(request)
  const principal = await requirePrincipal(request, identify)
  return route.respond({ ...request, pathParameters }, principal)
})

/** 405 names the methods that a path has, as RFC 9110 §15.5.6 asks. */
function refuseRoute(method: string, path: string) {
  const methods = methodsOf(path)
  if (methods.length === 0) throw new Refusal('not_found', `There is no ${method} ${path} here.`)
  const { headers, ...problem } = problemResponse(
    new Refusal('method_not_allowed', `${path} does not take ${method}.`),
  )
  return { ...problem, headers: { ...headers, allow: methods.join(', ') } }
}
