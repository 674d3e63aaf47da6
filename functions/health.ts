import { httpHandler } from '#shared/adapters/http/http-handler.ts'
import { respondOpenly } from '#shared/adapters/http/respond-as.ts'
import { VERSION } from '#shared/core/version.ts'
import type { Catalog } from '#shared/pipeline/catalog.ts'
import type { Limits } from '#shared/pipeline/limits/limits.ts'
import type { EventStore } from '#shared/pipeline/ports.ts'
import type { Measured } from '#shared/pipeline/telemetry/telemetry.ts'
import { catalogOf, eventStore, limitsOf, openTables, telemetryOf } from './lib/compose.ts'
import { type Environment, readEnvironment } from './lib/environment.ts'

export type HealthDeps = Measured & {
  readonly store: Pick<EventStore, 'topic'>
  readonly catalog: Catalog
  readonly limits: Limits
  /** Where the other parts of the stack are: locally all of them, in the cloud what a client needs. */
  readonly addresses: { readonly socketUrl: string } & Readonly<Record<string, string | boolean>>
}

export function composeHealth(env: Environment): HealthDeps {
  const tables = openTables(env)
  return {
    telemetry: telemetryOf(env, 'health'),
    store: eventStore(tables),
    catalog: catalogOf(env),
    limits: limitsOf(tables),
    addresses: addressesOf(env),
  }
}

function addressesOf({ socketUrl, isLocal, kafka, dynamodbEndpoint, local }: Environment) {
  if (!isLocal) return { socketUrl }
  return {
    socketUrl,
    kafka: kafka.brokers.join(','),
    ...(dynamodbEndpoint !== undefined && { tables: dynamodbEndpoint }),
    ...(local.page !== undefined && { page: local.page }),
    demo: local.demo,
  }
}

/** `GET /health`: 200, and the addresses of the stack, if the table of events can be read. */
export function createHealth({ store, catalog, limits, addresses, telemetry }: HealthDeps) {
  return httpHandler(
    (request) =>
      respondOpenly(request, { limits }, async () => {
        const [first = ''] = catalog.names
        await store.topic(first)
        return { status: 200, body: { status: 'ok', version: VERSION, topics: catalog.names, ...addresses } }
      }),
    telemetry,
  )
}

export const handler = createHealth(composeHealth(readEnvironment(process.env)))
