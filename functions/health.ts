import { httpHandler } from '#shared/adapters/http/http-handler.ts'
import type { Catalog } from '#shared/pipeline/catalog.ts'
import type { EventStore } from '#shared/pipeline/ports.ts'
import { catalogOf, eventStore, openTables } from './lib/compose.ts'
import { type Environment, readEnvironment } from './lib/environment.ts'

export type HealthDeps = { readonly store: Pick<EventStore, 'topic'>; readonly catalog: Catalog }

export function composeHealth(env: Environment): HealthDeps {
  return { store: eventStore(openTables(env)), catalog: catalogOf(env) }
}

/** `GET /health`: 200 if the table of events can be read. */
export function createHealth({ store, catalog }: HealthDeps) {
  return httpHandler(async () => {
    const [first = ''] = catalog.names
    await store.topic(first)
    return { status: 200, body: { status: 'ok', topics: catalog.names } }
  })
}

export const handler = createHealth(composeHealth(readEnvironment(process.env)))
