import { httpHandler } from '#shared/adapters/http/http-handler.ts'
import { respondOpenly } from '#shared/adapters/http/respond-as.ts'
import { VERSION } from '#shared/core/version.ts'
import type { Catalog } from '#shared/pipeline/catalog.ts'
import type { Limits } from '#shared/pipeline/limits/limits.ts'
import type { EventStore } from '#shared/pipeline/ports.ts'
import type { Measured } from '#shared/pipeline/telemetry/telemetry.ts'
import {
  catalogOf,
  eventStore,
  limitsOf,
  openTables,
  personStore,
  signingKeyStore,
  telemetryOf,
} from './lib/compose.ts'
import { type Environment, readEnvironment } from './lib/environment.ts'

export type HealthDeps = Measured & {
  readonly store: Pick<EventStore, 'topic'>
  readonly catalog: Catalog
  readonly limits: Limits
  /** When the copies for functions in the VPC were made last, in milliseconds since 1970; null if never. */
  readonly copied: () => Promise<Readonly<Record<'signingKeys' | 'people', number | null>>>
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
    copied: async () => {
      const [keys, people] = await Promise.all([
        signingKeyStore(tables).find(env.tokens.issuer),
        personStore(tables).copied(),
      ])
      return { signingKeys: keys?.copied ?? null, people }
    },
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
export function createHealth({ store, catalog, limits, copied, addresses, telemetry }: HealthDeps) {
  return httpHandler(
    (request) =>
      respondOpenly(request, { limits }, async () => {
        const [first = ''] = catalog.names
        const [{ signingKeys, people }] = await Promise.all([copied(), store.topic(first)])
        const body = {
          status: 'ok',
          version: VERSION,
          topics: catalog.names,
          copied: { signingKeys: timeOf(signingKeys), people: timeOf(people) },
          ...addresses,
        }
        return { status: 200, body }
      }),
    telemetry,
  )
}

function timeOf(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString()
}

export const handler = createHealth(composeHealth(readEnvironment(process.env)))
