import { parseCursor } from '#shared/core/cursor.ts'
import type { Interest } from '#shared/core/interest.ts'
import { parseReceived } from '#shared/core/json/received-event.ts'
import type { ViewPart } from '#shared/pipeline/views/apply-event.ts'
import { type Authorize, CredentialsError } from './authorize.ts'
import { anySignal, type Clock, TimeoutError, within } from './clock.ts'
import { isFields, isPositionedEvents } from './parse-frame.ts'
import type { Page } from './subscription.ts'

export type Fetch = (url: string, init?: RequestInit) => Promise<Response>

export type HttpSettings = {
  readonly httpUrl: string
  readonly authorize: Authorize
  readonly fetch: Fetch
  readonly clock: Clock
  /** How long an answer may take, with the credentials for it and its whole body, in milliseconds. */
  readonly timeoutMs: number
  /** How long a ticket may take. */
  readonly ticketTimeoutMs: number
}

/** Which view of which domain; `key` for one state of a collection. */
export type ViewAddress = {
  readonly domain: string
  readonly view: string
  readonly key?: string | undefined
}
/** The parts of a view, and the cursor to continue from. Events above it are not in all of the parts. */
export type ViewSnapshot<State> = { readonly parts: readonly ViewPart<State>[]; readonly cursor: string }

/**
 * Reads one page of `GET /events/since`. `from` is a cursor, or what a subscription may start from; `latest` asks for
 * the current cursor and no events. With `wait` the server may hold the request for so many seconds until an event
 * comes. Throws PageError.
 */
export type FetchPage = (
  interest: Interest,
  from: string,
  signal: AbortSignal,
  wait?: number,
) => Promise<Page>

/**
 * Reads all pages of `GET /views/…?parts=true`. The cursor is that of the first page: it was read before any part was.
 * Throws PageError.
 */
export type FetchView = <State>(address: ViewAddress, signal: AbortSignal) => Promise<ViewSnapshot<State>>

/**
 * A ticket, and when the credentials end that it was bought with, in epoch milliseconds; null if they do not. `skewMs` is
 * how far the server's time of day is ahead of this machine's.
 */
export type SocketTicket = {
  readonly ticket: string
  readonly credentialExpires: number | null
  readonly skewMs: number
}

export type Http = {
  readonly page: FetchPage
  readonly view: FetchView
  /** Buys a single-use ticket for a socket. Throws PageError, `http_401` for credentials that are refused. */
  readonly ticket: (signal: AbortSignal) => Promise<SocketTicket>
}

/** The maximum number of events in one page of `GET /events/since`. */
export const PAGE_LIMIT = 500

/** How long a ticket is good from when it was given, if its credentials are. */
const TICKET_MS = 30_000

/** What asking again would only repeat: a malformed request, no right to it, a filter that cannot be. */
const PERMANENT = [400, 403, 422]
/** For a view also: there is none of that name. */
const PERMANENT_FOR_VIEWS = [...PERMANENT, 404]

/** HTTP did not give what was asked for. `permanent`: the server refused this very request and would again. */
export class PageError extends Error {
  readonly code: string
  readonly permanent: boolean
  constructor(message: string, options: { code: string; permanent: boolean; cause?: unknown }) {
    super(message, { cause: options.cause })
    this.code = options.code
    this.permanent = options.permanent
  }
}

/** What the client reads over HTTP. */
export function createHttp(settings: HttpSettings): Http {
  return {
    page: (interest, from, signal, wait = 0) => {
      const query = toQuery(interest, from)
      if (wait > 0) query.set('wait', String(wait))
      const timeoutMs = settings.timeoutMs + wait * 1000
      const request = { path: `/events/since?${query}`, signal, permanent: PERMANENT }
      return fetchJson({ ...settings, timeoutMs }, request, readPage)
    },
    view: async <State>({ domain, view, key }: ViewAddress, signal: AbortSignal) => {
      const names = key === undefined ? [domain, view] : [domain, view, key]
      const path = `/views/${names.map(encodeURIComponent).join('/')}`
      const parts: ViewPart<State>[] = []
      let cursor: string | null = null
      for (let next: string | null = ''; next !== null; ) {
        const query = new URLSearchParams({ parts: 'true', ...(next && { next }) })
        const request = { path: `${path}?${query}`, signal, permanent: PERMANENT_FOR_VIEWS }
        const page: ViewPage<State> = await fetchJson(settings, request, readViewPage<State>)
        parts.push(...page.parts)
        cursor ??= page.cursor
        if (page.next !== null && page.next === next) throw badAnswer('the view has the same page again')
        next = page.next
      }
      return { parts, cursor: cursor ?? '' }
    },
    ticket: (signal) =>
      fetchJson(
        { ...settings, timeoutMs: settings.ticketTimeoutMs },
        { method: 'POST', path: '/tickets', signal, permanent: [] },
        (body) => readTicket(body, settings.clock.now()),
      ),
  }
}

type JsonRequest = {
  readonly method?: 'POST'
  readonly path: string
  readonly signal: AbortSignal
  /** The statuses that asking again would only repeat. */
  readonly permanent: readonly number[]
}

type Awaiting = 'the callback for credentials' | 'the response' | 'the rest of the response'

/**
 * Gets JSON from a path of the server and has it read. It settles within `timeoutMs`, even if the credentials, `fetch` or
 * the body do not, and as soon as it is aborted. Throws PageError: `credentials_failed` for credentials that fail or do
 * not come, `unreachable` for other failures, also where `read` throws another error.
 */
async function fetchJson<T>(
  { httpUrl, authorize, fetch, clock, timeoutMs }: HttpSettings,
  request: JsonRequest,
  read: (body: unknown) => T,
): Promise<T> {
  const { method = 'GET' } = request
  const path = request.path.split('?')[0]
  const { signal, abort, release } = anySignal(request.signal)
  let awaited: Awaiting = 'the callback for credentials'
  const ask = async () => {
    const response = await authorize((headers) => {
      awaited = 'the response'
      return fetch(`${httpUrl}${request.path}`, { method, headers, signal }).finally(() => {
        awaited = 'the callback for credentials'
      })
    }, signal)
    awaited = 'the rest of the response'
    if (!response.ok) throw await toError(response, request.permanent)
    return read(parseReceived(await response.text()))
  }
  try {
    return await within(clock, timeoutMs, ask(), { what: () => awaited, signal: request.signal })
  } catch (cause) {
    abort()
    if (cause instanceof PageError) throw cause
    const isOfCredentials =
      cause instanceof CredentialsError ||
      (cause instanceof TimeoutError && awaited === 'the callback for credentials')
    if (isOfCredentials)
      throw new PageError(cause.message, { code: 'credentials_failed', permanent: false, cause })
    const reason = cause instanceof TimeoutError ? `: ${cause.message}` : ''
    const message = `${path} could not be read over HTTP${reason}`
    throw new PageError(message, { code: 'unreachable', permanent: false, cause })
  } finally {
    release()
  }
}

/** The error of a response that is none of the 2xx, in the server's words where it is our server's. */
async function toError(response: Response, permanentStatuses: readonly number[]): Promise<PageError> {
  const { status } = response
  const isProblem = response.headers.get('content-type')?.includes('problem+json') ?? false
  const problem: unknown = await response.json().catch(() => null)
  const { title, detail } = isFields(problem) ? problem : {}
  const text = [title, detail].filter((part) => typeof part === 'string').join(': ')
  // Only our own server's refusal counts: a proxy's 403 may be gone in a minute.
  const permanent = isProblem && permanentStatuses.includes(status)
  return new PageError(text || `HTTP ${status}`, { code: `http_${status}`, permanent })
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
    throw badAnswer('the response is no page of events')
  parseCursor(body.cursor)
  const { events, cursor, recovered, reason } = body
  const page = { events, cursor, recovered: recovered !== false }
  return reason === 'epoch' || reason === 'trimmed' || reason === 'ahead' ? { ...page, reason } : page
}

type ViewPage<State> = ViewSnapshot<State> & { readonly next: string | null }

function readViewPage<State>(body: unknown): ViewPage<State> {
  if (!isFields(body) || !Array.isArray(body.parts) || !body.parts.every(isPart))
    throw badAnswer('the response is no page of a view')
  const { parts, cursor, next } = body
  if (typeof cursor !== 'string') throw badAnswer('the view came without a cursor')
  parseCursor(cursor)
  return { parts, cursor, next: typeof next === 'string' ? next : null }
}

function isPart(value: unknown): boolean {
  return (
    isFields(value) &&
    [value.key, value.topic, value.epoch].every((text) => typeof text === 'string') &&
    Number.isSafeInteger(value.partition) &&
    Number.isSafeInteger(value.offset) &&
    'state' in value
  )
}

function readTicket(body: unknown, now: number): SocketTicket {
  if (!isFields(body) || typeof body.ticket !== 'string') throw badAnswer('the response is no ticket')
  const { ticket, expires, credentialExpires } = body
  const ticketEnds = timeOf(expires)
  return {
    ticket,
    credentialExpires: timeOf(credentialExpires),
    skewMs: ticketEnds === null ? 0 : ticketEnds - TICKET_MS - now,
  }
}

function timeOf(value: unknown): number | null {
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN
  return Number.isNaN(time) ? null : time
}

function badAnswer(message: string): PageError {
  return new PageError(message, { code: 'bad_answer', permanent: false })
}
