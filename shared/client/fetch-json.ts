import type { Clock } from './clock.ts'
import type { Access, Fetch } from './credentials.ts'
import { isFields } from './parse-frame.ts'

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

export type FetchSettings = {
  readonly httpUrl: string
  readonly access: Access
  readonly fetch: Fetch
  readonly clock: Clock
  readonly timeoutMs: number
}

/**
 * Gets JSON from a path of the server and has it read. `permanent` are the statuses that asking again would only
 * repeat. Throws PageError, `unreachable` also where `read` throws another error.
 */
export async function fetchJson<T>(
  settings: FetchSettings,
  request: { readonly path: string; readonly signal: AbortSignal; readonly permanent: readonly number[] },
  read: (body: unknown) => T,
): Promise<T> {
  const slow = new AbortController()
  const cancelTimeout = settings.clock.after(settings.timeoutMs, () => slow.abort())
  try {
    const headers = await settings.access.headers()
    const signal = AbortSignal.any([request.signal, slow.signal])
    const response = await settings.fetch(`${settings.httpUrl}${request.path}`, { headers, signal })
    if (!response.ok) throw await toError(response, request.permanent)
    return read(await response.json())
  } catch (cause) {
    if (cause instanceof PageError) throw cause
    const message = `${request.path.split('?')[0]} could not be read over HTTP`
    throw new PageError(message, { code: 'unreachable', permanent: false, cause })
  } finally {
    cancelTimeout()
  }
}

/** What an answer that is none of the 2xx says, in the server's words where they are ours. */
export async function toError(response: Response, permanentStatuses: readonly number[]): Promise<PageError> {
  const { status } = response
  const isProblem = response.headers.get('content-type')?.includes('problem+json') ?? false
  const problem: unknown = await response.json().catch(() => null)
  const { title, detail } = isFields(problem) ? problem : {}
  const text = [title, detail].filter((part) => typeof part === 'string').join(': ')
  // Only our own server's refusal counts: a proxy's 403 may be gone in a minute.
  const permanent = isProblem && permanentStatuses.includes(status)
  return new PageError(text || `HTTP ${status}`, { code: `http_${status}`, permanent })
}
