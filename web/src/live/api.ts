import { useCallback, useMemo } from 'react'

import { authorizeWith, type Credentials } from '#shared/client/connect.ts'
import { parseReceived } from '#shared/core/json/received-event.ts'
import { useAccess } from './access.tsx'
import { useTidewire } from './tidewire-provider.tsx'
import { isOpen, type Unknown, writeUntilKnown } from './write-until-known.ts'

/** Why a request failed: the server's problem details (https://www.rfc-editor.org/rfc/rfc9457), or ours if it was unreachable. */
type Problem = {
  readonly status: number
  readonly title: string
  readonly detail?: string
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[]
  /** Whether nobody knows what became of the request: it may be sent again, unchanged. */
  readonly isOpen?: boolean
  readonly retryAfterMs?: number
}

/** A failed request. `problem` can be shown to the user. */
export class ApiError extends Error {
  readonly code = 'api_refused'
  readonly problem: Problem
  constructor(problem: Problem) {
    super(problem.detail ?? problem.title)
    this.problem = problem
  }
}

type Request = {
  readonly body?: unknown
  readonly signal?: AbortSignal
  readonly headers?: Record<string, string>
}

export type Api = {
  readonly get: <Body>(path: string, request?: Request) => Promise<Body>
  readonly post: <Body>(path: string, body?: unknown, request?: Request) => Promise<Body>
  readonly remove: <Body>(path: string) => Promise<Body>
  /** Returns the response unread, for bodies that are not JSON. */
  readonly raw: (method: string, path: string, request?: Request) => Promise<Response>
}

/** The API for the signed-in user. */
export function useApi(): Api {
  const { config } = useTidewire()
  const { credentials } = useAccess()
  return useMemo(() => createApi(config.httpUrl, credentials), [config.httpUrl, credentials])
}

type NewEvent = {
  readonly type: string
  readonly subject?: string
  /** RFC 3339; the server's time if it is left out. */
  readonly time?: string
  readonly data: unknown
}
type Receipt = {
  readonly id: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/** Returns a function that publishes an event under a new id. It throws ApiError. */
export function usePostEvent(): (event: NewEvent) => Promise<Receipt> {
  const api = useApi()
  return useCallback((event) => api.post('/events', { id: crypto.randomUUID(), ...event }), [api])
}

/** Describes for the user why a request failed, with each invalid field. */
export function describeFailure(error: unknown): string {
  if (!(error instanceof ApiError)) return error instanceof Error ? error.message : String(error)
  const { detail, title, errors = [] } = error.problem
  const fields = errors.map((one) => `${one.pointer.split('/').at(-1) ?? ''} ${one.detail}`.trim())
  return [detail ?? title, ...fields].join(' ')
}

/** How long a response may take, and then its body: a function of the server takes less than half a minute. */
const PATIENCE_MS = 35_000

/**
 * The HTTP API with credentials. A token that the server refuses is renewed, and the request sent once more. Every request
 * has a limit, and every method throws ApiError.
 */
export function createApi(
  httpUrl: string,
  credentials: Credentials,
  sleep: (ms: number) => Promise<void> = (ms) => new Promise((wake) => setTimeout(wake, ms)),
): Api {
  const authorize = authorizeWith(credentials)
  const raw: Api['raw'] = async (method, path, { body, signal, headers } = {}) => {
    const request = (own: Readonly<Record<string, string>>) => {
      const limit = AbortSignal.timeout(PATIENCE_MS)
      return fetch(new URL(path, httpUrl), {
        method,
        headers: {
          ...own,
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: signal ? AbortSignal.any([signal, limit]) : limit,
      })
    }
    const response = await authorize(request, signal).catch((cause: unknown) => {
      if (signal?.aborted) throw cause
      throw new ApiError(UNREACHABLE)
    })
    if (!response.ok) throw new ApiError(await readProblem(response))
    return response
  }
  const json = async <Body>(...request: Parameters<Api['raw']>) => {
    const response = await raw(...request)
    try {
      return parseReceived(await response.text()) as Body
    } catch {
      throw new ApiError(NOT_READABLE)
    }
  }
  /** With a key of its own the request is one, however often it is sent (docs/ingest.md). */
  const write = <Body>(method: string, path: string, request: Request) => {
    const headers = { 'idempotency-key': `"${crypto.randomUUID()}"`, ...request.headers }
    const send = () => json<Body>(method, path, { ...request, headers })
    return writeUntilKnown(send, unknownOf, sleep)
  }
  return {
    raw,
    get: (path, request) => json('GET', path, request),
    post: (path, body, request) => write('POST', path, { ...request, body }),
    remove: (path) => write('DELETE', path, {}),
  }
}

const UNREACHABLE: Problem = {
  status: 0,
  title: 'The server could not be reached',
  detail: 'What you did may or may not have been done. Look again when the connection is back.',
  isOpen: true,
}
/** A proxy's page, or a response that was cut: no success. */
const NOT_READABLE: Problem = {
  status: 0,
  title: 'The response is not readable',
  detail: 'What you did may or may not have been done. Look, and try again.',
  isOpen: true,
}

function unknownOf(error: unknown): Unknown | null {
  if (!(error instanceof ApiError) || !error.problem.isOpen) return null
  return { retryAfterMs: error.problem.retryAfterMs ?? 0 }
}

async function readProblem(response: Response): Promise<Problem> {
  const body = (await response.json().catch(() => null)) as Partial<Problem> | null
  const { status, headers } = response
  const retryAfter = headers.get('retry-after')
  return {
    ...body,
    status,
    title: body?.title ?? `The server returned ${status}`,
    isOpen: isOpen(status, retryAfter !== null),
    ...(/^\d+$/.test(retryAfter ?? '') && { retryAfterMs: Number(retryAfter) * 1000 }),
  }
}
