import { useCallback, useMemo } from 'react'

import { type Credentials, credentialHeaders } from '#shared/client/connect.ts'
import { useAccess } from './access.tsx'
import { useTidewire } from './tidewire-provider.tsx'

/** Why a request failed: the server's problem details (https://www.rfc-editor.org/rfc/rfc9457), or ours if it was unreachable. */
type Problem = {
  readonly status: number
  readonly title: string
  readonly detail?: string
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[]
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
  const { credentials, renew } = useAccess()
  return useMemo(() => createApi(config.httpUrl, credentials, renew), [config.httpUrl, credentials, renew])
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

/**
 * The HTTP API with credentials. If the server refuses them, `renew` is called, and the request sent once more if there
 * are others. Every method throws ApiError.
 */
export function createApi(httpUrl: string, credentials: Credentials, renew: () => Promise<boolean>): Api {
  const unreachable = () => {
    throw new ApiError(UNREACHABLE)
  }
  const send = async (method: string, path: string, { body, signal, headers }: Request) => {
    const own = await credentialHeaders(credentials).catch(unreachable)
    return fetch(new URL(path, httpUrl), {
      method,
      headers: {
        ...own,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal && { signal }),
    }).catch((cause: unknown) => {
      if (signal?.aborted) throw cause
      return unreachable()
    })
  }
  const raw: Api['raw'] = async (method, path, request = {}) => {
    const first = await send(method, path, request)
    const response = first.status === 401 && (await renew()) ? await send(method, path, request) : first
    if (!response.ok) throw new ApiError(await readProblem(response))
    return response
  }
  const json = async <Body>(...request: Parameters<Api['raw']>) =>
    (await (await raw(...request)).json()) as Body
  return {
    raw,
    get: (path, request) => json('GET', path, request),
    post: (path, body, request) => json('POST', path, { ...request, body }),
    remove: (path) => json('DELETE', path),
  }
}

const UNREACHABLE: Problem = {
  status: 0,
  title: 'The server could not be reached',
  detail: 'Nothing was changed. Try again when the connection is back.',
}

async function readProblem(response: Response): Promise<Problem> {
  const body = (await response.json().catch(() => null)) as Partial<Problem> | null
  return { ...body, status: response.status, title: body?.title ?? `The server returned ${response.status}` }
}
