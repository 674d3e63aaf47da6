import { type Clock, within } from './clock.ts'

/**
 * Identifies the caller: the key of a service, or the access tokens of a user. `token` is called for every request, so it
 * must return a token that is valid now. If the server has refused one (401), `token` is called with it, and returns
 * another: it then asks the provider for a new one, however long the old one has still to live by the time of this
 * machine. HTTP carries either as a header. The URL of a socket carries a single-use ticket, which is requested for each
 * connection, unless `keyInUrl` asks for less. An open connection gets a new token before the old one ends.
 */
export type Credentials =
  | { readonly apiKey: string; readonly token?: never }
  | { readonly token: (refused?: string) => Promise<string>; readonly apiKey?: never }

type Headers = Readonly<Record<string, string>>
/** Sends a request with the headers that identify the caller. May be called twice. */
type Send = (headers: Headers) => Promise<Response>

/**
 * Has a request sent with credentials. Throws CredentialsError, also once `signal` is aborted while there are none, and
 * what `send` throws.
 */
export type Authorize = (send: Send, signal?: AbortSignal) => Promise<Response>

/** The callback that gives tokens failed. */
export class CredentialsError extends Error {
  readonly code = 'credentials_failed'
}

/** The header of a token. */
export function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` }
}

/**
 * Sends requests with credentials. A token that the server refuses is replaced once, and the request sent once more:
 * clocks differ, and a token may have been revoked with a new one at hand. Requests that are refused together share one
 * renewal. Each call of `token` may take `timeoutMs` milliseconds; what `send` does is limited by the caller.
 */
export function createAuthorize(
  { apiKey, token }: Credentials,
  { clock, timeoutMs }: { readonly clock: Pick<Clock, 'after'>; readonly timeoutMs: number },
): Authorize {
  let renewal: Promise<string> | null = null

  async function ask(refused?: string, signal?: AbortSignal): Promise<string> {
    try {
      const asking = (async () => token?.(refused) ?? '')()
      return await within(clock, timeoutMs, asking, {
        what: () => 'the callback for credentials',
        ...(signal && { signal }),
      })
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new CredentialsError(`there is no token: ${reason}`, { cause })
    }
  }
  /** Returns a token that is not the refused one; null if there is none. */
  async function renewed(refused: string, signal?: AbortSignal): Promise<string | null> {
    const present = await ask(undefined, signal) // another request may have had it renewed
    if (present !== refused) return present
    renewal ??= ask(refused).finally(() => {
      renewal = null
    })
    const next = await renewal
    return next === refused ? null : next
  }
  return async (send, signal) => {
    if (apiKey !== undefined) return send({ 'x-api-key': apiKey })
    const first = await ask(undefined, signal)
    const response = await send(bearer(first))
    if (response.status !== 401) return response
    const next = await renewed(first, signal)
    if (next === null) return response
    response.body?.cancel().catch(() => {}) // it is not read
    return send(bearer(next))
  }
}
