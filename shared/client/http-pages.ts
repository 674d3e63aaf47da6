import { parseCursor } from '#shared/core/cursor.ts'
import type { Interest } from '#shared/core/interest.ts'
import { type FetchSettings, fetchJson, PageError } from './fetch-json.ts'
import { isFields, isPositionedEvents } from './parse-frame.ts'
import type { Page } from './receive.ts'

/** The most events of one page of `GET /events/since`. */
export const PAGE_LIMIT = 500

/** What asking again would only repeat: a malformed request, no right to it, a filter that cannot be. */
const PERMANENT = [400, 403, 422]

export type FetchPage = (interest: Interest, from: string, signal: AbortSignal) => Promise<Page>

/**
 * Makes the reader of `GET /events/since`. `from` is a cursor, or what a subscription may start from; `latest` asks
 * for the current cursor and no events. Throws PageError.
 */
export function createFetchPage(settings: FetchSettings): FetchPage {
  return (interest, from, signal) => {
    const path = `/events/since?${toQuery(interest, from)}`
    return fetchJson(settings, { path, signal, permanent: PERMANENT }, readPage)
  }
}

function toQuery({ channels, filter }: Interest, from: string): URLSearchParams {
  const query = new URLSearchParams({ channel: channels.join(','), limit: String(PAGE_LIMIT) })
  for (const [name, values] of Object.entries(filter ?? {})) {
    // A value with a comma cannot be written in a list; the client filters what it receives in any case.
    if (values && !values.some((value: string) => value.includes(','))) query.set(name, values.join(','))
  }
  if (from !== 'latest') query.set('cursor', from)
  return query
}

function readPage(body: unknown): Page {
  if (!isFields(body) || !isPositionedEvents(body.events) || typeof body.cursor !== 'string')
    throw new PageError('the answer is no page of events', { code: 'bad_answer', permanent: false })
  parseCursor(body.cursor)
  const { events, cursor, recovered, reason } = body
  const known = reason === 'epoch' || reason === 'trimmed' ? { reason } : {}
  return { events, cursor, recovered: recovered !== false, ...(known as Pick<Page, 'reason'>) }
}
