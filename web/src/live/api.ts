import { useMemo } from 'react'
import { type Credentials, credentialHeaders } from '#shared/client/credentials.ts'
import { useAccess } from './access.tsx'
import { useTidewire } from './tidewire-provider.tsx'

/** What the server says of a request that it refused (RFC 9457), or what we say of one that did not get there. */
export type Problem = {
  readonly status: number
  readonly title: string
  readonly detail?: string
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[]
}

/** A refused request. `problem` is made to be shown. */
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
  readonly get: <Answer>(path: string, request?: Request) => Promise<Answer>
  readonly post: <Answer>(path: string, body?: unknown, request?: Request) => Promise<Answer>
  readonly remove: <Answer>(path: string) => Promise<Answer>
  /** The answer as it came, for what is no JSON. */
  readonly raw: (method: string, path: string, request?: Request) => Promise<Response>
}

/** The HTTP API with credentials; `expire` is told when they are no longer good. Every method throws ApiError. */
export function createApi(httpUrl: string, credentials: Credentials, expire: () => void = () => {}): Api {
  const unreachable = () => {
    throw new ApiError(UNREACHABLE)
  }
  const raw: Api['raw'] = async (method, path, { body, signal, headers } = {}) => {
    const own = await credentialHeaders(credentials).catch(unreachable)
    const response = await fetch(new URL(path, httpUrl), {
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
    if (response.status === 401) expire()
    if (!response.ok) throw new ApiError(await readProblem(response))
    return response
  }
  const json = async <Answer>(...request: Parameters<Api['raw']>) =>
    (await (await raw(...request)).json()) as Answer
  return {
    raw,
    get: (path, request) => json('GET', path, request),
    post: (path, body, request) => json('POST', path, { ...request, body }),
    remove: (path) => json('DELETE', path),
  }
}

/** The API for the signed-in user. */
export function useApi(): Api {
  const { config } = useTidewire()
  const { credentials, expire } = useAccess()
  return useMemo(() => createApi(config.httpUrl, credentials, expire), [config.httpUrl, credentials, expire])
}

const UNREACHABLE: Problem = {
  status: 0,
  title: 'The server could not be reached',
  detail: 'Nothing was changed. Try again when the connection is back.',
}

async function readProblem(response: Response): Promise<Problem> {
  const body = (await response.json().catch(() => null)) as Partial<Problem> | null
  return { ...body, status: response.status, title: body?.title ?? `The server answered ${response.status}` }
}
