import { randomBytes } from 'node:crypto'
import type { Identify } from '#shared/adapters/http/require-principal.ts'
import { functionCaller } from '#shared/adapters/lambda/call-function.ts'
import { domains } from '#shared/domain/catalog.ts'
import type { Limits } from '#shared/pipeline/limits/limits.ts'
import { letterChooser } from '#shared/pipeline/replays/choose-letters.ts'
import { urlProblem } from '#shared/pipeline/replays/target-url.ts'
import type { Measured } from '#shared/pipeline/telemetry/telemetry.ts'
import {
  auditTrail,
  catalogOf,
  deadLetterStore,
  eventStore,
  identityOf,
  limitsOf,
  newId,
  openTables,
  replayStore,
  telemetryOf,
} from './lib/compose.ts'
import { type Environment, readEnvironment } from './lib/environment.ts'
import { type ReplayCreationDeps, replayCreation } from './lib/replay-creation.ts'
import { replayRoutes } from './lib/replay-routes.ts'
import { respondByRoute } from './lib/respond-by-route.ts'

export type ReplayFunctionDeps = ReplayCreationDeps &
  Measured & {
    readonly identify: Identify
    readonly limits: Limits
  }

const SECRET_BYTES = 32

export function composeReplays(env: Environment): ReplayFunctionDeps {
  const { replayFunctions, aws, lambdaEndpoint, isLocal } = env
  const tables = openTables(env)
  const catalog = catalogOf(env)
  const deadLetters = deadLetterStore(tables)
  const [records, events] = [replayFunctions.records, replayFunctions.events].map((name) =>
    functionCaller(name, aws, lambdaEndpoint),
  )
  return {
    telemetry: telemetryOf(env, 'replays'),
    replays: replayStore(tables),
    store: eventStore(tables),
    catalog,
    deadLetters,
    chooseLetters: letterChooser({ deadLetters, topics: catalog.names, now: Date.now }),
    domains,
    identify: identityOf(tables),
    limits: limitsOf(tables),
    audit: auditTrail(env),
    wake: async (kind, call) => (kind === 'events' ? events : records)?.(call),
    makeSecret: () => `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`,
    urlProblem: (url) => urlProblem(url, { isLocal }),
    now: Date.now,
    newId,
  }
}

/** Creates, lists and steers replays. What it creates is done by `replay-records` and `replay-events`. */
export function createReplays({ identify, limits, telemetry, ...deps }: ReplayFunctionDeps) {
  const { audit } = deps
  const routes = { ...replayCreation(deps), ...replayRoutes(deps) }
  return respondByRoute(routes, { identify, audit, limits, telemetry })
}

export const handler = createReplays(composeReplays(readEnvironment(process.env)))
