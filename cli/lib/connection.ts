import { type Command, Option } from 'commander'
import type { CliContext } from './cli-context.ts'
import { CliError, usageError } from './cli-error.ts'

/** The addresses of the stack, without a slash at the end, and the API key to use there. */
export type Connection = { readonly url: string; readonly socketUrl: string; readonly apiKey: string }

const TIMEOUT_MS = 10_000
/** Keys of the local stack: one of an administrator, and one that may write in the name of any user. */
const LOCAL_KEYS = { own: 'local-dev-key', simulator: 'local-simulator-key' } as const

/** Adds `--url`, `--socket-url` and `--api-key`, with their defaults from the environment. */
export function addConnectionOptions(command: Command, env: CliContext['env']): Command {
  const url = env.TIDEWIRE_URL || `http://localhost:${env.HTTP_PORT || 3000}`
  const socketUrl = env.TIDEWIRE_SOCKET_URL || `ws://localhost:${env.WS_PORT || 3001}`
  const apiKey = env.TIDEWIRE_API_KEY || LOCAL_KEYS.own
  return command
    .addOption(new Option('--url <url>', 'HTTP address of the stack; TIDEWIRE_URL').default(url))
    .addOption(new Option('--socket-url <url>', 'WebSocket address; TIDEWIRE_SOCKET_URL').default(socketUrl))
    .addOption(
      // Help output shows the description instead of the value, because it must not show a key.
      new Option('--api-key <key>', 'API key').default(apiKey, 'TIDEWIRE_API_KEY, else the local key'),
    )
}

/**
 * Returns the connection from the options of a command. Without a key it has one of the local stack: that of
 * simulators for a command that acts for many users. Throws a usage error on an invalid address or key.
 */
export function readConnection(command: Command, { actsForOthers = false } = {}): Connection {
  const { url, socketUrl, apiKey: given } = command.optsWithGlobals<Connection>()
  const isGiven = command.getOptionValueSourceWithGlobals('apiKey') !== 'default' || given !== LOCAL_KEYS.own
  const apiKey = actsForOthers && !isGiven ? LOCAL_KEYS.simulator : given
  if (/[^\x21-\x7e]/.test(apiKey))
    throw usageError('the API key has characters that are not allowed in an HTTP header')
  return {
    url: readAddress(url, ['http:', 'https:'], '--url'),
    socketUrl: readAddress(socketUrl, ['ws:', 'wss:'], '--socket-url'),
    apiKey,
  }
}

function readAddress(text: string, protocols: readonly string[], option: string): string {
  const address = URL.canParse(text) ? new URL(text) : null
  if (address === null || !protocols.includes(address.protocol))
    throw usageError(`${option} ${JSON.stringify(text)} is not an address that starts with ${protocols[0]}//`)
  return text.replace(/\/+$/, '')
}

/**
 * Asks once whether these channels may be read, so that a wrong address or key is an error at the start instead of
 * endless reconnecting. Throws CliError if the server cannot be reached or refuses; the client handles anything else.
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

/** Returns the error for an API key that the server does not know. */
export function keyRefused(): CliError {
  return new CliError('the API key was refused; give another with --api-key or TIDEWIRE_API_KEY')
}

/** Returns the error for an address that cannot be reached. */
export function cannotReach(url: string, cause: unknown): CliError {
  const { code, reason } = failureOf(cause)
  const why = code === 'ECONNREFUSED' ? '' : ` (${reason})`
  return new CliError(`Cannot reach ${url}${why} — is the stack running? Start it with: npm start`, { cause })
}

/** Returns why a fetch failed. Its own message is only "fetch failed"; the reason is in its cause. */
export function failureOf(error: unknown): { readonly code: string; readonly reason: string } {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const code = String((inner as NodeJS.ErrnoException).code ?? '')
  return { code, reason: (inner instanceof Error ? inner.message : String(inner)) || code }
}
