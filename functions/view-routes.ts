import type { HttpRequest, HttpResponse } from '#shared/adapters/http/http-message.ts'
import { readQuery } from '#shared/adapters/http/read-query.ts'
import { Refusal } from '#shared/core/refusal.ts'
import { readParts, readState, VIEW_LIMITS } from '#shared/pipeline/views/read-view.ts'
import { catalog, store, viewStore, views } from './compose.ts'
import { readStats } from './read-stats.ts'

const deps = { store, catalog, viewStore, now: Date.now }

/** `GET /views/{domain}/{view}` and `GET /views/{domain}/{view}/{key}` */
export async function respondWithView({ pathParameters, query }: HttpRequest): Promise<HttpResponse> {
  const { domain = '', view = '', key } = pathParameters
  const named = views.find(domain, view)
  if (named === null)
    throw new Refusal('not_found', `There is no view ${domain}/${view}; there are ${names()}.`)
  if (key !== undefined && named.view.keys === undefined)
    throw new Refusal(
      'not_found',
      `The view ${named.name} has one state and no keys; read /views/${named.name}.`,
    )
  const { parts = 'false', next } = query
  if (parts !== 'true' && parts !== 'false')
    throw new Refusal('malformed', '"parts" is true or false; false if it is left out.')
  const limits = parts === 'true' ? { ...VIEW_LIMITS, usual: VIEW_LIMITS.most } : VIEW_LIMITS
  const { limit } = readQuery({ limit: query.limit }, limits)
  const page = { limit, ...(key !== undefined && { key }), ...(next !== undefined && { next }) }
  const body = parts === 'true' ? await readParts(named, page, deps) : await readState(named, page, deps)
  return { status: 200, body }
}

/** `GET /stats` */
export async function respondWithStats(): Promise<HttpResponse> {
  return { status: 200, body: await readStats() }
}

function names(): string {
  return views.all.map(({ name }) => name).join(', ')
}
