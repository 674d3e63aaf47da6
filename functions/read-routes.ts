import type { HttpRequest, HttpResponse } from '#shared/adapters/http/http-message.ts'
import { readQuery } from '#shared/adapters/http/read-query.ts'
import { asyncapiDocument } from '#shared/api/asyncapi.ts'
import { catalogDocument } from '#shared/api/catalog-document.ts'
import { openapiDocument } from '#shared/api/openapi.ts'
import { matchPath } from '#shared/core/match-path.ts'
import type { Principal } from '#shared/core/role.ts'
import { domains } from '#shared/domain/catalog.ts'
import { catchUp } from '#shared/pipeline/history/catch-up.ts'
import { issueTicket } from '#shared/pipeline/sockets/tickets.ts'
import { catalog, deadLetters, store, tickets } from './compose.ts'
import { respondWithCsv, respondWithEvent, respondWithPage } from './event-routes.ts'
import { respondWithStats, respondWithView } from './view-routes.ts'

type Answer = HttpResponse | Promise<HttpResponse>
/** A route of the read function. An open one is answered without credentials. */
type Route =
  | { readonly isOpen: true; readonly respond: (request: HttpRequest) => Answer }
  | { readonly isOpen?: false; readonly respond: (request: HttpRequest, principal: Principal) => Answer }

const now = () => Date.now()

/** What describes the deployment changes with it only. */
const CACHED = { 'cache-control': 'public, max-age=60' }

/** By method and path; of two that fit the first is taken. */
const routes: Readonly<Record<string, Route>> = {
  'GET /events': { respond: respondWithPage },
  'GET /events.csv': { respond: respondWithCsv },
  'GET /events/since': {
    respond: async ({ query }) => {
      const { query: wanted, limit } = readQuery(query)
      return { status: 200, body: await catchUp(wanted, query.cursor, limit, { store, catalog }) }
    },
  },
  'GET /events/{id}': { respond: respondWithEvent },
  'GET /stats': { respond: respondWithStats },
  'GET /views/{domain}/{view}': { respond: respondWithView },
  'GET /views/{domain}/{view}/{key}': { respond: respondWithView },
  'GET /dead-letters': {
    respond: async ({ query }) => {
      const { limit } = readQuery(query)
      return { status: 200, body: { deadLetters: await deadLetters.list(catalog.names, limit) } }
    },
  },
  'POST /tickets': {
    respond: async (_, principal) => ({ status: 201, body: await issueTicket(principal, { tickets, now }) }),
  },
  'GET /catalog': {
    respond: () => ({ status: 200, body: catalogDocument(domains, catalog.unknownTypes) }),
  },
  'GET /openapi.json': {
    isOpen: true,
    respond: () => ({ status: 200, headers: CACHED, body: openapiDocument(domains) }),
  },
  'GET /asyncapi.json': {
    isOpen: true,
    respond: () => ({ status: 200, headers: CACHED, body: asyncapiDocument(domains) }),
  },
}

/** The route that answers a request, and the parameters of its path. */
export function findRoute({ method, path }: HttpRequest) {
  for (const [name, route] of Object.entries(routes)) {
    const [wanted, template = ''] = name.split(' ')
    const pathParameters = wanted === method ? matchPath(template, path) : null
    if (pathParameters) return { route, pathParameters }
  }
  return undefined
}
