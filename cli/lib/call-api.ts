import { CliError } from './cli-error.ts'
import { type Connection, cannotReach, keyRefused } from './connection.ts'

const TIMEOUT_MS = 10_000

type Call = {
  /** Method and path, such as `GET /keys`. */
  readonly route: string
  /** What cannot be done if the server refuses, such as "the key cannot be created". */
  readonly failure: string
  readonly body?: object
}

/** Calls a route and returns the JSON of its response. Throws CliError with the server's reason. */
export async function callApi<T>(
  { route, failure, body }: Call,
  { url, apiKey }: Pick<Connection, 'url' | 'apiKey'>,
): Promise<T> {
  const [method = 'GET', path = ''] = route.split(' ')
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { 'x-api-key': apiKey, ...(body && { 'content-type': 'application/json' }) },
    signal: AbortSignal.timeout(TIMEOUT_MS),
    ...(body && { body: JSON.stringify(body) }),
  }).catch((cause: unknown) => {
    throw cannotReach(url, cause)
  })
  if (response.status === 401) throw keyRefused()
  const json = (await response.json().catch(() => ({}))) as T & { readonly detail?: string }
  if (response.ok) return json
  throw new CliError(`${failure}: ${json.detail ?? `status ${response.status}`}`)
}
