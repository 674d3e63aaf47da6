import { csvBytes, eventsCsv } from '#shared/adapters/http/events-csv.ts'
import type { HttpRequest, HttpResponse } from '#shared/adapters/http/http-message.ts'
import { readAuditQuery } from '#shared/adapters/http/read-audit-query.ts'
import { readQuery, readWait } from '#shared/adapters/http/read-query.ts'
import { withPlus } from '#shared/adapters/http/read-query-time.ts'
import { asyncapiDocument } from '#shared/api/asyncapi.ts'
import { catalogDocument } from '#shared/api/catalog-document.ts'
import { openapiDocument } from '#shared/api/openapi.ts'
import type { Action } from '#shared/core/access/policy.ts'
import type { Principal } from '#shared/core/access/principal.ts'
import { AUDIT_CHANNELS, actorOf } from '#shared/core/audit.ts'
import { matchesChannel } from '#shared/core/channel.ts'
import type { PositionedEvent } from '#shared/core/event.ts'
import { Refusal } from '#shared/core/refusal.ts'
import type { Retention } from '#shared/core/retention.ts'
import type { Domain } from '#shared/domain/define-domain.ts'
import type { Audit } from '#shared/pipeline/audit/audit.ts'
import type { Catalog } from '#shared/pipeline/catalog.ts'
import { closeConnection } from '#shared/pipeline/connections/close-connection.ts'
import { listConnections, readConnectionsQuery } from '#shared/pipeline/connections/list-connections.ts'
import type { DeadLetterStore } from '#shared/pipeline/dead-letters/dead-letter-store.ts'
import { type Access, accessOf } from '#shared/pipeline/history/access.ts'
import { awaitEvents } from '#shared/pipeline/history/catch-up.ts'
import { CSV_LIMITS, listEvents, PAGE_LIMITS } from '#shared/pipeline/history/list-events.ts'
import { hasAlready } from '#shared/pipeline/lifecycle/entity-tag.ts'
import { type GetDeps, getEvent, keyNamed } from '#shared/pipeline/lifecycle/get-event.ts'
import { selectRows } from '#shared/pipeline/lifecycle/select-rows.ts'
import type { SocketGateway, SubscriptionStore, TicketStore } from '#shared/pipeline/ports.ts'

import { issueTicket } from '#shared/pipeline/sockets/tickets.ts'
import type { ReportStore } from '#shared/pipeline/telemetry/instance-report.ts'
import { readParts, readState, VIEW_LIMITS } from '#shared/pipeline/views/read-view.ts'
import { shownKeys } from '#shared/pipeline/views/view-access.ts'
import type { ViewStore } from '#shared/pipeline/views/view-store.ts'
import type { Views } from '#shared/pipeline/views/views.ts'
import { readStats } from './read-stats.ts'
import { respondWithLetter, respondWithLetters } from './respond-with-letters.ts'
import { stopPausesAt } from './stop-at.ts'
import { type TelemetryRouteDeps, telemetryRoutes } from './telemetry-routes.ts'

export type ReadDeps = GetDeps &
  Pick<TelemetryRouteDeps, 'telemetry'> & {
    readonly subscriptions: Pick<
      SubscriptionStore,
      'countConnections' | 'listConnections' | 'find' | 'removeConnection'
    >
    readonly gateway: SocketGateway
    readonly reports: Pick<ReportStore, 'list'>
    readonly viewStore: ViewStore
    readonly views: Views
    readonly tickets: TicketStore
    readonly audit: Audit
    readonly deadLetters: DeadLetterStore
    readonly domains: readonly Domain[]
    readonly catalog: Catalog
    /** How long things are kept, as it is in force for the domains. */
    readonly retention: Retention
    /** For how long a request may be held at most, in seconds. */
    readonly longPollSeconds: number
  }

/** Time kept back from the function's own limit for the last look of a request that is held, in milliseconds. */
const RESERVE_MS = 3000

/** The same for the states and the rest of a page that ends where its time is nearly over, with a `next`. */
const PAGE_RESERVE_MS = 8000

type Answer = HttpResponse | Promise<HttpResponse>
/** A route of the read function, with its action of the policy. An open one is answered without credentials. */
type Route =
  | { readonly isOpen: true; readonly respond: (request: HttpRequest) => Answer }
  | {
      readonly isOpen?: false
      readonly action: Action
      readonly respond: (request: HttpRequest, principal: Principal) => Answer
    }
type Routes = Readonly<Record<string, Route>>

/** What describes the deployment changes with it only. */
const CACHED = { 'cache-control': 'public, max-age=60' }

/** Who may read the audit trail may read all of it: its action is enough, without a grant to read events. */
const WHOLE_TRAIL: Access = {
  admits: ({ category = '' }) => matchesChannel(AUDIT_CHANNELS, category),
  readable: (patterns) => [...patterns],
  topics: (patterns, catalog) => catalog.topicsTouched(patterns),
}

/** The routes by method and path; of two that match the first is taken. */
export function readRoutes(deps: ReadDeps): Routes {
  const { catalog, domains, tickets, audit, clock } = deps
  return {
    'GET /events': {
      action: 'read',
      respond: (request, principal) => respondWithPage(request, principal, deps),
    },
    'GET /events.csv': {
      action: 'export',
      respond: (request, principal) => respondWithCsv(request, principal, deps),
    },
    'GET /events/since': {
      action: 'read',
      respond: (request, principal) => respondWithUnread(request, principal, deps),
    },
    'GET /events/{id}': {
      action: 'read',
      respond: (request, principal) => respondWithEvent(request, principal, deps),
    },
    'GET /stats': {
      action: 'stats.read',
      respond: async () => ({ status: 200, body: await readStats(deps) }),
    },
    'GET /views/{domain}/{view}': {
      action: 'read',
      respond: (request, principal) => respondWithView(request, principal, deps),
    },
    'GET /views/{domain}/{view}/{key}': {
      action: 'read',
      respond: (request, principal) => respondWithView(request, principal, deps),
    },
    'GET /audit': {
      action: 'audit.read',
      respond: async (request) => {
        const { query, limit, next, selection } = readAuditQuery(request.query)
        const own = { ...deps, access: WHOLE_TRAIL, isLate: lateness(request) }
        const page = listEvents(query, next, limit, own, selection)
        return { status: 200, body: await page }
      },
    },
    'GET /dead-letters': {
      action: 'dead-letters.read',
      respond: (request, principal) => respondWithLetters(request, principal, deps),
    },
    'GET /dead-letters/{topic}/{partition}/{offset}': {
      action: 'dead-letters.read',
      respond: (request, principal) => respondWithLetter(request, principal, deps),
    },
    'GET /connections': {
      action: 'connections.read',
      respond: async ({ query }) => {
        const list = listConnections(readConnectionsQuery(query), { ...deps, now: clock.now })
        return { status: 200, body: await list }
      },
    },
    'DELETE /connections/{id}': {
      action: 'connections.close',
      respond: async ({ pathParameters: { id = '' }, caller }, principal) => {
        const { principal: whose } = await closeConnection(id, deps)
        const details = { principal: whose.name }
        await audit.record({
          action: 'connection.closed',
          principal: actorOf(principal),
          caller,
          target: id,
          details,
        })
        return { status: 202, body: { id } }
      },
    },
    ...telemetryRoutes(deps),
    'POST /tickets': {
      action: 'tickets.create',
      respond: async (_, principal) => ({
        status: 201,
        body: await issueTicket(principal, { tickets, now: clock.now }),
      }),
    },
    'GET /catalog': {
      action: 'catalog.read',
      respond: () => ({ status: 200, body: catalogDocument(domains, catalog, deps.retention) }),
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
}

function lateness({ remainingMs }: HttpRequest): () => boolean {
  return () => remainingMs() < PAGE_RESERVE_MS
}

async function listPage(
  request: HttpRequest,
  limits: typeof PAGE_LIMITS | typeof CSV_LIMITS,
  deps: ReadDeps & { readonly access: Access },
) {
  const { query } = request
  const { query: wanted, limit } = readQuery(query, limits)
  const { exported } = deps.catalog
  const isCsv = limits === CSV_LIMITS
  const selection = selectRows(wanted, deps)
  const bytesOf = (event: PositionedEvent) => csvBytes(event, exported)
  const own = { ...deps, isLate: lateness(request) }
  return listEvents(wanted, query.next, limit, own, isCsv ? { ...selection, bytesOf } : selection)
}

/** `GET /events` */
async function respondWithPage(
  request: HttpRequest,
  principal: Principal,
  deps: ReadDeps,
): Promise<HttpResponse> {
  return {
    status: 200,
    body: await listPage(request, PAGE_LIMITS, { ...deps, access: accessOf(principal) }),
  }
}

/** `GET /events.csv`: the page below is named by a link, with the same filters. */
async function respondWithCsv(
  request: HttpRequest,
  principal: Principal,
  deps: ReadDeps,
): Promise<HttpResponse> {
  const access = accessOf(principal, 'export')
  const { events, next } = await listPage(request, CSV_LIMITS, { ...deps, access })
  const below = new URLSearchParams(request.rawQuery)
  await deps.audit.record({
    action: 'events.exported',
    principal: actorOf(principal),
    caller: request.caller,
    target: `${request.method} ${request.path}`,
    details: { events: events.length, query: request.rawQuery },
  })
  if (next !== null) below.set('next', next)
  return {
    status: 200,
    headers: {
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': 'attachment; filename="events.csv"',
      ...(next !== null && { link: `</events.csv?${below}>; rel="next"` }),
    },
    body: eventsCsv(events, deps.catalog.exported),
  }
}

/** `GET /events/since` */
async function respondWithUnread(
  request: HttpRequest,
  principal: Principal,
  { longPollSeconds, ...deps }: ReadDeps,
): Promise<HttpResponse> {
  const { query, remainingMs, signal } = request
  const { wait, ...filters } = query
  const { query: wanted, limit } = readQuery(filters)
  const waitMs = Math.min(readWait(wait), longPollSeconds) * 1000
  const page = { limit, waitMs: Math.min(waitMs, remainingMs() - RESERVE_MS) }
  const own = { ...deps, access: accessOf(principal), isLate: lateness(request) }
  const cursor = query.cursor === undefined ? undefined : withPlus(query.cursor)
  const body = await awaitEvents(wanted, cursor, page, stopPausesAt(signal, own))
  return { status: 200, body }
}

/** `GET /events/{id}` */
async function respondWithEvent(
  request: HttpRequest,
  principal: Principal,
  deps: ReadDeps,
): Promise<HttpResponse> {
  const { id = '' } = request.pathParameters
  const { body, tag } = await getEvent(
    { id, source: request.query.source, principal },
    stopPausesAt(request.signal, deps),
  )
  if (hasAlready(request.headers['if-none-match'], tag)) return { status: 304, headers: { etag: tag } }
  return { status: 200, headers: { etag: tag }, body }
}

/** `GET /views/{domain}/{view}` and `GET /views/{domain}/{view}/{key}` */
async function respondWithView(
  { pathParameters, query }: HttpRequest,
  principal: Principal,
  { views, ...stores }: ReadDeps,
): Promise<HttpResponse> {
  const { domain = '', view = '', key: name } = pathParameters
  const named = views.find(domain, view)
  if (named === null) {
    const names = views.all.map(({ name }) => name).join(', ')
    throw new Refusal('not_found', `There is no view ${domain}/${view}; there are ${names}.`)
  }
  if (name !== undefined && named.view.keys === undefined)
    throw new Refusal(
      'not_found',
      `The view ${named.name} has one state and no keys; read /views/${named.name}.`,
    )
  const { parts = 'false', next } = query
  if (parts !== 'true' && parts !== 'false')
    throw new Refusal('malformed', '"parts" is true or false; false if it is left out.')
  const limits = parts === 'true' ? { ...VIEW_LIMITS, usual: VIEW_LIMITS.most } : VIEW_LIMITS
  const { limit } = readQuery({ limit: query.limit }, limits)
  const isByName = name !== undefined && parts === 'false'
  const key = isByName ? await keyNamed(name, named.name, principal, stores) : name
  const shown = shownKeys(principal, named, { key, isRaw: parts === 'true' })
  const page = { limit, shown, ...(key !== undefined && { key }), ...(next && { next }) }
  const deps = { ...stores, now: stores.clock.now }
  const body = parts === 'true' ? await readParts(named, page, deps) : await readState(named, page, deps)
  return { status: 200, body }
}
