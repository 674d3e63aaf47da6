import { httpHandler } from '#shared/adapters/http/http-handler.ts'
import { respondOpenly } from '#shared/adapters/http/respond-as.ts'
import type { Catalog } from '#shared/pipeline/catalog.ts'
import type { Limits } from '#shared/pipeline/limits/limits.ts'
import type { EventStore } from '#shared/pipeline/ports.ts'
import { catalogOf, eventStore, limitsOf, openTables } from './lib/compose.ts'
import { type Environment, readEnvironment } from './lib/environment.ts'

export type HealthDeps = {
  readonly store: Pick<EventStore, 'topic'>
  readonly catalog: Catalog
  readonly limits: Limits
}

export function composeHealth(env: Environment): HealthDeps {
  const tables = openTables(env)
  return { store: eventStore(tables), catalog: catalogOf(env), limits: limitsOf(tables) }
}

/** `GET /health`: 200 if the table of events can be read. */
export function createHealth({ store, catalog, limits }: HealthDeps) {
  return httpHandler((request) =>
    respondOpenly(request, { limits }, async () => {
      const [first = ''] = catalog.names
      await store.topic(first)
      return { status: 200, body: { status: 'ok', topics: catalog.names } }
    }),
  )
}

export const handler = createHealth(composeHealth(readEnvironment(process.env)))
