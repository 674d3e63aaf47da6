import type { ConnectOptions } from '#shared/client/connect.ts'
import { parseExactJson } from '#shared/core/json/exact-json.ts'
import { CliError } from './cli-error.ts'
import type { Connection } from './connection.ts'
import { cannotReach, credentialsRefused, notGranted } from './failures.ts'

const TIMEOUT_MS = 30_000

type Call = {
  /** Method and path, such as `GET /keys`. */
  readonly route: string
  /** Query parameters; those that are undefined are left out. */
  readonly query?: Readonly<Record<string, string | number | undefined>>
  /** What cannot be done if the server refuses, such as "the key cannot be created". */
  readonly failure: string
  readonly body?: object
}

/** Returns the headers that carry the credentials. */
export function credentialHeaders({ credentials }: Pick<Connection, 'credentials'>): Record<string, string> {
  return 'key' in credentials
    ? { 'x-api-key': credentials.key }
    : { authorization: `Bearer ${credentials.token}` }
}

/**
 * Calls a route and returns the JSON of its response, whose numbers have all digits (shared/core/json/exact-json.ts): what is
 * printed of it is what the server sent. Throws CliError with the server's reason; its exit code says
 * whether the stack was not reached, or did not grant it.
 */
export async function callApi<T>(call: Call, connection: Connection): Promise<T> {
  const { failure } = call
  const response = await send(call, connection)
  if (response.status === 401) throw credentialsRefused(connection)
  const { json } = await readJson(response)
  if (response.ok && json !== null) return json as T
  const { detail } = (json ?? {}) as { readonly detail?: unknown }
  const reason = typeof detail === 'string' ? detail : `status ${response.status}`
  if (response.status === 403) throw notGranted(`${failure}: ${reason}`)
  const why = response.ok ? `${connection.url} is no Tidewire stack: its response is not JSON` : reason
  throw new CliError(`${failure}: ${why}`)
}

/** Sends a request and returns the response as it is. Throws CliError if the stack cannot be reached. */
export async function send(
  { route, query = {}, body }: Omit<Call, 'failure'>,
  connection: Connection,
): Promise<Response> {
  const [method = 'GET', path = ''] = route.split(' ')
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value))
  return await fetch(`${connection.url}${path}${search.size > 0 ? `?${search}` : ''}`, {
    method,
    headers: { ...credentialHeaders(connection), ...(body && { 'content-type': 'application/json' }) },
    signal: AbortSignal.timeout(TIMEOUT_MS),
    ...(body && { body: JSON.stringify(body) }),
  }).catch((cause: unknown) => {
    throw cannotReach(connection.url, cause, connection.urlFrom)
  })
}

/**
 * Asks once whether these channels may be read, so that a wrong address or key is an error at the start instead of
 * endless reconnecting. Throws CliError if the server cannot be reached or refuses; the client handles anything else.
 */
export async function checkAccess(connection: Connection, channels: readonly string[]): Promise<void> {
  const query = { channel: channels.join(','), limit: 1 }
  const { status, ...response } = await readJson(
    await send({ route: 'GET /events/since', query }, connection),
  )
  if (status === 401) throw credentialsRefused(connection)
  if (![400, 403, 422].includes(status)) return
  const { detail = null } = (response.json ?? {}) as { readonly detail?: unknown }
  const message = `${channels.join(', ')} cannot be followed: ${detail ?? `refused with status ${status}`}`
  throw status === 403 ? notGranted(message) : new CliError(message)
}

async function readJson(response: Response) {
  const json = await response
    .text()
    .then(parseExactJson)
    .catch(() => null)
  return { status: response.status, json }
}

/** What `GET /health` returns of a stack. */
export type Health = {
  readonly status: string
  readonly version?: string
  readonly topics?: readonly string[]
  readonly socketUrl?: string
  readonly kafka?: string
  readonly tables?: string
  readonly page?: string
  readonly demo?: boolean
}

/**
 * Returns what a client of this stack is opened with. The stack itself names the address of its sockets, unless a
 * setting does. Throws CliError if it cannot be asked, or does not say.
 */
export async function clientOptions(
  connection: Connection,
): Promise<Pick<ConnectOptions, 'httpUrl' | 'socketUrl' | 'credentials'>> {
  const { url, credentials } = connection
  const socketUrl = connection.socketUrl ?? (await askSocketUrl(connection))
  const own = 'key' in credentials ? { apiKey: credentials.key } : { token: async () => credentials.token }
  return { httpUrl: url, socketUrl, credentials: own }
}

async function askSocketUrl(connection: Connection): Promise<string> {
  const call = { route: 'GET /health', failure: 'the address of its sockets is not known' }
  const { socketUrl } = await callApi<Health>(call, connection)
  if (socketUrl !== undefined && URL.canParse(socketUrl)) return socketUrl
  throw new CliError(`${connection.url} does not name the address of its sockets: give it with --socket-url`)
}
