import { PageError, toError } from './fetch-json.ts'
import { isFields } from './parse-frame.ts'

/**
 * Who is asking: a service by its key, or a user by access tokens. `token` is called anew for every request, so it
 * answers a token that is good for now. HTTP carries either as a header. A socket's URL carries a single-use ticket,
 * bought for each connection; only a key of the local stack goes there itself.
 */
export type Credentials =
  | { readonly apiKey: string; readonly token?: never }
  | { readonly token: () => Promise<string>; readonly apiKey?: never }

export type Fetch = (url: string, init?: RequestInit) => Promise<Response>
export type Access = {
  readonly headers: () => Promise<Record<string, string>>
  /** Throws PageError, `http_401` for credentials that are refused. */
  readonly socketUrl: () => Promise<string>
}

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/

/** The headers that say who is asking. */
export async function credentialHeaders({ apiKey, token }: Credentials): Promise<Record<string, string>> {
  return apiKey === undefined ? { authorization: `Bearer ${await token()}` } : { 'x-api-key': apiKey }
}

/** Turns credentials into request headers and socket URLs. */
export function createAccess(options: {
  readonly httpUrl: string
  readonly socketUrl: string
  readonly credentials: Credentials
  readonly fetch: Fetch
}): Access {
  const { credentials, httpUrl } = options
  const headers = () => credentialHeaders(credentials)

  async function buyTicket(): Promise<string> {
    const init = { method: 'POST', headers: await headers() }
    const response = await options.fetch(`${httpUrl}/tickets`, init)
    if (!response.ok) throw await toError(response, [])
    const body: unknown = await response.json()
    if (isFields(body) && typeof body.ticket === 'string') return body.ticket
    throw new PageError('the answer is no ticket', { code: 'bad_answer', permanent: false })
  }
  async function socketUrl() {
    const url = new URL(options.socketUrl)
    if (credentials.apiKey !== undefined && LOOPBACK.test(url.hostname))
      url.searchParams.set('key', credentials.apiKey)
    else url.searchParams.set('ticket', await buyTicket())
    return url.href
  }
  return { headers, socketUrl }
}
