import type { Identify } from '#shared/adapters/http/require-principal.ts'
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
import { respondByRoute } from './lib/respond-by-route.ts'

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
  return respondByRoute(routes, { identify, audit, limits, telemetry })
}

export const handler = createAccounts(composeAccounts(readEnvironment(process.env)))
