import { httpHandler } from '#shared/adapters/http/http-handler.ts'
import { problemResponse } from '#shared/adapters/http/problem.ts'
import type { Identify } from '#shared/adapters/http/require-principal.ts'
import { respondAs, respondOpenly } from '#shared/adapters/http/respond-as.ts'
import { methodsOf } from '#shared/api/openapi.ts'
import { assertMay } from '#shared/core/access/authorize.ts'
import { Refusal } from '#shared/core/refusal.ts'
import { domains } from '#shared/domain/catalog.ts'
import { lifecyclesOf } from '#shared/pipeline/lifecycle/lifecycles.ts'
import type { Limits } from '#shared/pipeline/limits/limits.ts'
import type { Measured } from '#shared/pipeline/telemetry/telemetry.ts'
import { viewsOf } from '#shared/pipeline/views/views.ts'
import {
  auditTrail,
  catalogOf,
  claimStore,
  clock,
  deadLetterStore,
  eventStore,
  identityOf,
  limitsOf,
  openTables,
  reportStore,
  socketGateway,
  subscriptionShards,
  telemetryWithHops,
  ticketStore,
  viewRetention,
  viewStore,
} from './lib/compose.ts'
import { type Environment, readEnvironment } from './lib/environment.ts'
import { findRoute } from './lib/find-route.ts'
import { type ReadDeps, readRoutes } from './lib/read-routes.ts'

export type ReadFunctionDeps = ReadDeps & Measured & { readonly identify: Identify; readonly limits: Limits }

export function composeRead(env: Environment): ReadFunctionDeps {
  const tables = openTables(env)
  return {
    telemetry: telemetryWithHops(tables, 'read'),
    store: eventStore(tables),
    claims: claimStore(tables),
    viewStore: viewStore(tables),
    tickets: ticketStore(tables),
    deadLetters: deadLetterStore(tables),
    subscriptions: subscriptionShards(tables).of(0),
    gateway: socketGateway(env),
    reports: reportStore(tables),
    domains,
    catalog: catalogOf(env),
    retention: viewRetention(env),
    longPollSeconds: env.longPollSeconds,
    lifecycles: lifecyclesOf(domains),
    views: viewsOf(domains),
    identify: identityOf(tables),
    limits: limitsOf(tables),
    audit: auditTrail(env),
    clock,
  }
}

/** Everything that is read over HTTP; also responds to what no route claims, preflights of other routes included. */
export function createRead({ identify, limits, ...deps }: ReadFunctionDeps) {
  const { audit, telemetry } = deps
  const routes = readRoutes(deps)
  return httpHandler(async (request) => {
    const { method, path } = request
    if (method === 'OPTIONS') return { status: 204 }
    const found = findRoute(routes, request)
    if (found === undefined) return respondOpenly(request, { limits }, () => refuseRoute(method, path))
    const { route, pathParameters } = found
    if (route.isOpen) return respondOpenly(request, { limits }, () => route.respond(request))
    return respondAs(request, { identify, audit, limits }, (principal, decoded) => {
      assertMay(principal, route.action)
      return route.respond({ ...decoded, pathParameters }, principal)
    })
  }, telemetry)
}

/** 405 names the methods that a path has, as RFC 9110 §15.5.6 asks. */
function refuseRoute(method: string, path: string) {
  const methods = methodsOf(path)
  if (methods.length === 0) throw new Refusal('not_found', `There is no ${method} ${path} here.`)
  const { headers, ...problem } = problemResponse(
    new Refusal('method_not_allowed', `${path} does not take ${method}.`),
  )
  return { ...problem, headers: { ...headers, allow: methods.join(', ') } }
}

export const handler = createRead(composeRead(readEnvironment(process.env)))
