/** The names of the errors with which AWS refuses a call because there are too many. */
export const THROTTLES = [
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'ThrottlingException',
] as const

/** The errors of services that pass by themselves. */
const PASSING: ReadonlySet<string> = new Set([
  'TimeoutError',
  'InternalServerError',
  'InternalServiceError',
  'ServiceUnavailable',
  ...THROTTLES,
])
/** What happens to a connection whose other side is gone. */
const BROKEN: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EAI_AGAIN'])

/**
 * Whether a call failed because a service of AWS did not respond in time, is throttled or cannot be reached, after the
 * tries that its client makes. The request that needed it can succeed later.
 */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return PASSING.has(error.name) || ('code' in error && BROKEN.has(String(error.code)))
}
