import { createHash } from 'node:crypto'
import { Refusal } from '#shared/core/refusal.ts'
import { logError } from '#shared/pipeline/log-error.ts'
import { boundedMap } from './bounded-map.ts'
import { endOf, type RateCounter, spanAt } from './rate-counter.ts'
import { tokenBuckets } from './token-buckets.ts'

/** Limits how often credentials can be guessed from one place: an address, or an address and a webhook source. */
export type Guard = {
  /**
   * Checks a credential. Throws what `check` throws; Refusal `rate_limited` instead of `unauthenticated` if too many
   * failed from the same place within a minute, over all instances. Right credentials from such a place are not refused:
   * one that this instance knows is always checked, of others many per second. `credential` is null if a check costs
   * so little that it is always done.
   */
  check<T>(place: string, credential: string | null, check: () => T | Promise<T>): Promise<T>
}

type Deps = {
  readonly counter: RateCounter
  /** The number of failures within a minute that is allowed; 0 is unlimited. */
  readonly perMinute: number
  readonly now: () => number
  readonly elapsed: () => number
}

const MINUTE = 60
/** How many unknown credentials of a place that has failed too often are still checked, per second. */
const CHECKS_PER_SECOND = 100
const MOST_PLACES = 10_000
const MOST_CREDENTIALS = 1000

export function credentialGuard({ counter, perMinute, now, elapsed }: Deps): Guard {
  /** Until when, in milliseconds since 1970, a place has failed too often. */
  const closed = boundedMap<number>(MOST_PLACES)
  /** Digests of credentials that were right. */
  const known = boundedMap<true>(MOST_CREDENTIALS)
  const checks = tokenBuckets(elapsed)

  function refusal(until: number): Refusal {
    const retryAfterSeconds = Math.max(1, Math.ceil((until - now()) / 1000))
    const detail = `More than ${perMinute} wrong credentials came from this address within a minute; try again in ${retryAfterSeconds} s.`
    return new Refusal('rate_limited', detail, { retryAfterSeconds })
  }

  /** Returns until when the place is closed after this failure; 0 if it is not. */
  async function noteFailure(place: string): Promise<number> {
    const until = closed.get(place) ?? 0
    if (until > now()) return until
    const span = spanAt(now(), MINUTE)
    try {
      if ((await counter.add(`failed ${place}`, span, 1)) <= perMinute) return 0
      closed.set(place, endOf(span))
      return endOf(span)
    } catch (error) {
      logError('a wrong credential was not counted', error)
      return 0
    }
  }

  return {
    async check(place, credential, check) {
      if (perMinute === 0) return check()
      const digest = credential === null ? null : digestOf(credential)
      const until = closed.get(place) ?? 0
      const isGuess = digest !== null && !known.get(digest)
      if (isGuess && until > now() && !checks.take(place, CHECKS_PER_SECOND).isAllowed) throw refusal(until)
      try {
        const result = await check()
        if (digest !== null) known.set(digest, true)
        return result
      } catch (error) {
        if (!(error instanceof Refusal) || error.code !== 'unauthenticated') throw error
        const until = await noteFailure(place)
        throw until > now() ? refusal(until) : error
      }
    },
  }
}

function digestOf(credential: string): string {
  return createHash('sha256').update(credential).digest('base64url')
}
