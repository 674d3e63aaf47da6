import { logError } from '#shared/pipeline/log-error.ts'
import { boundedMap } from './bounded-map.ts'
import { endOf, type RateCounter, spanAt } from './rate-counter.ts'
import type { RateClass, Rates } from './rates.ts'
import { tokenBuckets } from './token-buckets.ts'

/** What one request was told about its rate. */
export type Permit = {
  /** The class of the request. */
  readonly kind: RateClass
  readonly perSecond: number
  readonly isAllowed: boolean
  /**
   * Whether it is allowed over all instances too; never rejects. It waits for the count of a class that is counted
   * completely, which is exact at any concurrency, and for nothing else.
   */
  readonly admitted: Promise<boolean>
  /** Requests that are left on this instance. */
  readonly left: number
  /** Seconds until none is used. */
  readonly resetSeconds: number
  /** Seconds to wait after a refusal. */
  readonly retryAfterSeconds: number
  /** Settles when the request was counted; never rejects. A function waits for it beside its work. */
  readonly counted: Promise<void>
}

export type RateLimits = {
  /** Takes a request of a class from what `who` may send. Null if that is unlimited. */
  take(kind: RateClass, who: string): Permit | null
}

type Deps = {
  readonly counter: RateCounter
  readonly rates: Rates
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Milliseconds that have passed. */
  readonly elapsed: () => number
  readonly random: () => number
}

/** About how many requests of a second, at the limit, are counted in the table: each then stands for several. */
const SAMPLES_PER_SECOND = 20
/** What is allowed beyond the limit where the count is an estimate. */
const TOLERANCE = 1.5
/** A principal is refused for as long as what it sent in a second would have taken, but at most so long. */
const LONGEST_PAUSE_SECONDS = 10
const MOST_PAUSES = 10_000
const COUNTED = Promise.resolve()
const ADMITTED = Promise.resolve(true)
const REFUSED = Promise.resolve(false)

/**
 * Limits requests by class and sender. A token bucket on each instance refuses at once what is too much for one. A sample
 * of the requests is counted in a table too, and a client above the limit over all instances is refused by those that
 * saw it, for as long as its requests should have taken (docs/adr/0033-rates-are-sampled-in-a-table.md). A class whose
 * rate is so low that each request is counted admits no more of a second than that, also of requests that come at once
 * to as many instances.
 */
export function rateLimits({ counter, rates, now, elapsed, random }: Deps): RateLimits {
  const buckets = tokenBuckets(elapsed)
  const pauses = boundedMap<number>(MOST_PAUSES)

  /** Returns whether the count so far is within the limit. */
  async function count(name: string, perSecond: number): Promise<boolean> {
    const weight = Math.max(1, perSecond / SAMPLES_PER_SECOND)
    if (random() * weight >= 1) return true
    const span = spanAt(now(), 1)
    try {
      const sum = await counter.add(name, span, weight)
      const most = weight > 1 ? perSecond * TOLERANCE : perSecond
      if (sum <= most) return true
      const seconds = Math.min(LONGEST_PAUSE_SECONDS, Math.ceil(sum / perSecond))
      pauses.set(name, endOf(span) + (seconds - 1) * 1000)
      return false
    } catch (error) {
      // A table that fails must not refuse anybody: the limit of each instance is still in force.
      logError('a request was not counted', error)
      return true
    }
  }

  return {
    take(kind, who) {
      const perSecond = rates[kind]
      if (perSecond === 0) return null
      const name = `${kind} ${who}`
      const pause = (pauses.get(name) ?? 0) - now()
      if (pause > 0) {
        const seconds = Math.min(LONGEST_PAUSE_SECONDS, Math.ceil(pause / 1000))
        return {
          kind,
          perSecond,
          isAllowed: false,
          admitted: REFUSED,
          left: 0,
          resetSeconds: seconds,
          retryAfterSeconds: seconds,
          counted: COUNTED,
        }
      }
      const { isAllowed, tokens } = buckets.take(name, perSecond)
      const counting = isAllowed ? count(name, perSecond) : REFUSED
      const isExact = perSecond <= SAMPLES_PER_SECOND
      return {
        kind,
        perSecond,
        isAllowed,
        admitted: !isAllowed || isExact ? counting : ADMITTED,
        left: Math.floor(tokens),
        resetSeconds: Math.ceil((perSecond - tokens) / perSecond),
        retryAfterSeconds: 1,
        counted: isAllowed ? counting.then(() => {}) : COUNTED,
      }
    },
  }
}
