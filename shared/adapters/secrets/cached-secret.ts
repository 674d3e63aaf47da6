import { logError } from '#shared/pipeline/log-error.ts'
import type { Secret } from './secrets-manager.ts'

export type CachedSecret = {
  /**
   * Returns the secret as it was at most `freshMs` ago. If it cannot be read again, returns the last one that was read,
   * for as long as that takes. Throws only if it was never read.
   */
  readonly current: () => Promise<Secret>
  /** Returns the secret as it was at most this many milliseconds ago, and throws if it cannot be read. */
  readonly noOlderThan: (ms: number) => Promise<Secret>
}

type Options = {
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly freshMs: number
}

/** After a failure the last secret serves for this long before the next try, so that not every request waits for one. */
const PAUSE_MS = 10_000

/**
 * Keeps a secret in memory. Nothing is read before the first use, and concurrent uses share a read. The age of a secret
 * counts from the begin of its read, by the time of day: a frozen sandbox has no other clock that goes on.
 */
export function cachedSecret(read: () => Promise<Secret>, { now, freshMs }: Options): CachedSecret {
  let known: { readonly secret: Secret; readonly read: number } | undefined
  let reading: Promise<Secret> | undefined
  let failed = Number.NEGATIVE_INFINITY

  // A clock that was set back must not make what is known last longer.
  const isWithin = (ms: number, since: number) => Math.abs(now() - since) <= ms

  async function readOnce(): Promise<Secret> {
    const begin = now()
    try {
      const secret = await read()
      known = { secret, read: begin }
      return secret
    } catch (error) {
      failed = now()
      throw error
    } finally {
      reading = undefined
    }
  }

  const refresh = () => {
    reading ??= readOnce()
    return reading
  }

  return {
    async current() {
      const last = known?.secret
      if (known && last && (isWithin(freshMs, known.read) || isWithin(PAUSE_MS, failed))) return last
      try {
        return await refresh()
      } catch (error) {
        if (last === undefined) throw error
        logError('a secret could not be read again; the last one is used', error)
        return last
      }
    },
    async noOlderThan(ms) {
      const oldest = now() - ms
      if (known && isWithin(ms, known.read)) return known.secret
      const secret = await refresh()
      // The read that was under way may have begun too early.
      return known && known.read >= oldest ? secret : refresh()
    },
  }
}
