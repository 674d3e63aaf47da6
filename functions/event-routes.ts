import { eventsCsv } from '#shared/adapters/http/events-csv.ts'
import type { HttpRequest, HttpResponse } from '#shared/adapters/http/http-message.ts'
import { readQuery } from '#shared/adapters/http/read-query.ts'
import { CSV_LIMITS, listEvents, PAGE_LIMITS } from '#shared/pipeline/history/list-events.ts'
import { hasAlready } from '#shared/pipeline/lifecycle/entity-tag.ts'
import { getEvent } from '#shared/pipeline/lifecycle/get-event.ts'
import { selectCases } from '#shared/pipeline/lifecycle/select-rows.ts'
import { catalog, claims, clock, lifecycles, store, viewStore } from './compose.ts'

const deps = { claims, clock, lifecycles, store, catalog, viewStore }

async function listPage({ query }: HttpRequest, limits: typeof PAGE_LIMITS | typeof CSV_LIMITS) {
  const { query: wanted, limit } = readQuery(query, limits)
  return listEvents(wanted, query.next, limit, deps, selectCases(wanted, deps))
}

/** `GET /events` */
export async function respondWithPage(request: HttpRequest): Promise<HttpResponse> {
  return { status: 200, body: await listPage(request, PAGE_LIMITS) }
}

/** `GET /events.csv`: the page below is named by a link, with the same filters. */
export async function respondWithCsv(request: HttpRequest): Promise<HttpResponse> {
  const { events, next } = await listPage(request, CSV_LIMITS)
  const below = new URLSearchParams(request.rawQuery)
  if (next !== null) below.set('next', next)
  return {
    status: 200,
    headers: {
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': 'attachment; filename="events.csv"',
      ...(next !== null && { link: `</events.csv?${below}>; rel="next"` }),
    },
    body: eventsCsv(events),
  }
}

/** `GET /events/{id}` */
export async function respondWithEvent(request: HttpRequest): Promise<HttpResponse> {
  const { id = '' } = request.pathParameters
  const { body, tag } = await getEvent({ id, source: request.query.source }, deps)
  if (hasAlready(request.headers['if-none-match'], tag)) return { status: 304, headers: { etag: tag } }
  return { status: 200, headers: { etag: tag }, body }
}
