/** The pauses before further tries, in milliseconds: a user waits for the outcome. */
const PAUSES_MS = [1000, 2000, 4000]

/** What a failure says of a write: whether it may have been carried out, and how long to wait before it is sent again. */
export type Unknown = { readonly retryAfterMs: number }

/** The statuses after which nobody knows; 0 is a connection that broke. */
const UNKNOWN = [0, 500, 502, 503, 504]

/**
 * Whether a status leaves open if the request was carried out, or refuses it for this moment only: 409 and 429 do with a
 * `Retry-After`. The same request may be sent again if it has an id or an Idempotency-Key.
 */
export function isOpen(status: number, hasRetryAfter: boolean): boolean {
  return UNKNOWN.includes(status) || (hasRetryAfter && [409, 429].includes(status))
}

/**
 * Sends a write until it is known what became of it, up to four times with growing pauses. `unknownOf` returns null for
 * what is final. Returns what `send` returns, and throws what it threw last.
 */
export async function writeUntilKnown<T>(
  send: () => Promise<T>,
  unknownOf: (error: unknown) => Unknown | null,
  sleep: (ms: number) => Promise<void>,
): Promise<T> {
  for (const pauseMs of PAUSES_MS) {
    try {
      return await send()
    } catch (error) {
      const unknown = unknownOf(error)
      if (unknown === null) throw error
      // Full jitter, above what the server asks for: many pages may have lost the same server.
      await sleep(unknown.retryAfterMs + Math.random() * pauseMs)
    }
  }
  return send()
}
