/**
 * The network drops idle connections without notice, above all those of a frozen sandbox, and a request on one waits in
 * vain. By the time of day: while a machine sleeps, other clocks may stand still.
 */
export const LONGEST_IDLE_MS = 60_000

type Age = {
  /** When the connections were last used, and when they were opened: milliseconds since the epoch. */
  readonly used: number
  readonly opened: number
  readonly now: number
  /** For how long connections may be used at all, in milliseconds. */
  readonly lastsMs?: number | undefined
}

/** Whether connections must be replaced before the next request. Where the clock was set back, nothing is known of them. */
export function isTooOld({ used, opened, now, lastsMs = Number.POSITIVE_INFINITY }: Age): boolean {
  return Math.abs(now - used) > LONGEST_IDLE_MS || Math.abs(now - opened) > lastsMs
}

/** Whether Kafka refused the user name, the password or the token. kafkajs wraps the error that says so. */
export function refusesUser(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return error.name === 'KafkaJSSASLAuthenticationError' || refusesUser(error.cause)
}

/**
 * Returns what the work returns. Rejects with `reason` if it takes longer than `ms` milliseconds, but not if a response has
 * come in time and only this process was busy: after the time it looks at what has arrived.
 */
export async function heardWithin<T>(ms: number, work: Promise<T>, reason: string): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => setImmediate(() => late.reject(new Error(reason))), ms)
  try {
    return await Promise.race([work, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
