import { httpHandler } from '#shared/adapters/http/http-handler.ts'
import type { Identify } from '#shared/adapters/http/require-principal.ts'
import { respondAs } from '#shared/adapters/http/respond-as.ts'
import { assertMay } from '#shared/core/access/authorize.ts'
import { Refusal } from '#shared/core/refusal.ts'
import type { Limits } from '#shared/pipeline/limits/limits.ts'
import type { Measured } from '#shared/pipeline/telemetry/telemetry.ts'
import { type AccountDeps, accountRoutes } from './lib/account-routes.ts'
import {
  auditTrail,
  clock,
  directoryOf,
  identityOf,
  keyStore,
  limitsOf,
  openTables,
  revocationStore,
  telemetryOf,
} from './lib/compose.ts'
import { type Environment, readEnvironment } from './lib/environment.ts'
import { findRoute } from './lib/find-route.ts'

export type AccountFunctionDeps = AccountDeps &
  Measured & { readonly identify: Identify; readonly limits: Limits }

export function composeAccounts(env: Environment): AccountFunctionDeps {
  const tables = openTables(env)
  return {
    telemetry: telemetryOf(env, 'accounts'),
    keys: keyStore(tables),
    revocations: revocationStore(tables),
    identify: identityOf(tables),
    limits: limitsOf(tables),
    audit: auditTrail(env),
    directory: directoryOf(env),
    now: clock.now,
    sleep: clock.sleep,
  }
}

/** API keys, people and sessions: the only function that may change keys. */
export function createAccounts({ identify, limits, telemetry, ...deps }: AccountFunctionDeps) {
  const { audit } = deps
  const routes = accountRoutes(deps)
  return httpHandler(
    (request) =>
      respondAs(request, { identify, audit, limits }, (principal) => {
        const found = findRoute(routes, request)
        if (found === undefined) throw new Refusal('not_found', `There is no ${request.path} here.`)
        const { route, pathParameters } = found
        assertMay(principal, route.action)
        return route.respond({ ...request, pathParameters }, principal)
      }),
    telemetry,
  )
}

export const handler = createAccounts(composeAccounts(readEnvironment(process.env)))
