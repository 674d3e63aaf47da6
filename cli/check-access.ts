import { CliError } from './cli-error.ts'
import type { Connection } from './connection-options.ts'

const TIMEOUT_MS = 10_000

/** What made a fetch fail: it says "fetch failed" itself and keeps the reason in its cause. */
export function failureOf(error: unknown): { readonly code: string; readonly reason: string } {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const code = String((inner as NodeJS.ErrnoException).code ?? '')
  return { code, reason: (inner instanceof Error ? inner.message : String(inner)) || code }
}

/** The error for an address where nobody answers. */
export function cannotReach(url: string, cause: unknown): CliError {
  const { code, reason } = failureOf(cause)
  const why = code === 'ECONNREFUSED' ? '' : ` (${reason})`
  return new CliError(`Cannot reach ${url}${why} — is the stack running? Start it with: npm start`, { cause })
}

/** The error for an API key that the server does not know. */
export function keyRefused(): CliError {
  return new CliError('the API key was refused; give another with --api-key or TIDEWIRE_API_KEY')
}

/**
 * Asks once whether these channels may be read, so that a wrong address or key is an error at the start and not an
 * endless reconnecting. Throws CliError if nobody answers or the answer is a refusal; anything else is for the client.
 */
export async function checkAccess({ url, apiKey }: Connection, channels: readonly string[]): Promise<void> {
  const query = new URLSearchParams({ channel: channels.join(','), limit: '1' })
  const response = await fetch(`${url}/events/since?${query}`, {
    headers: { 'x-api-key': apiKey },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((cause: unknown) => {
    throw cannotReach(url, cause)
  })
  const problem: unknown = await response.json().catch(() => null)
  if (response.status === 401) throw keyRefused()
  if (![400, 403, 422].includes(response.status)) return
  const { detail = null } =
    typeof problem === 'object' && problem !== null ? (problem as { detail?: unknown }) : {}
  throw new CliError(
    `${channels.join(', ')} cannot be followed: ${detail ?? `refused with status ${response.status}`}`,
  )
}
