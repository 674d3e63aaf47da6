import { CliError, EXIT_CODES, failureOf } from './cli-error.ts'
import { type Connection, isLoopback } from './connection.ts'

/** Returns the error for credentials that the server does not know. */
export function credentialsRefused({
  credentials,
  credentialsFrom,
}: Pick<Connection, 'credentials' | 'credentialsFrom'>): CliError {
  const what = 'key' in credentials ? 'API key' : 'token'
  return new CliError(
    `the ${what} (${credentialsFrom}) was refused; give another with --key, --token or a profile`,
    { exitCode: EXIT_CODES.refused },
  )
}

/** Returns the error for something that the credentials may not do. */
export function notGranted(message: string): CliError {
  return new CliError(message, { exitCode: EXIT_CODES.refused })
}

/** Returns the error for an address that cannot be reached. */
export function cannotReach(url: string, cause: unknown, from?: string): CliError {
  const { code, reason } = failureOf(cause)
  const why = code === 'ECONNREFUSED' ? '' : ` (${reason})`
  const advice =
    from === undefined || isLoopback(url)
      ? ' — is the stack running? Start it with: npm start'
      : `; is the address right? It is that of ${from}`
  return new CliError(`Cannot reach ${url}${why}${advice}`, { cause, exitCode: EXIT_CODES.unreachable })
}
