import { credentialGuard, type Guard } from './failed-credentials.ts'
import type { RateCounter } from './rate-counter.ts'
import { type RateLimits, rateLimits } from './rate-limits.ts'
import type { Rates } from './rates.ts'

export type { Permit } from './rate-limits.ts'

/** What limits requests by their rate, and guesses at credentials (docs/limits.md). */
export type Limits = RateLimits & Guard

type Deps = {
  readonly counter: RateCounter
  readonly rates: Rates
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Milliseconds that have passed. */
  readonly elapsed: () => number
  /** Returns a number from 0 up to 1. */
  readonly random: () => number
}

/** The limits of one instance of a function. */
export function createLimits(deps: Deps): Limits {
  return { ...rateLimits(deps), ...credentialGuard({ ...deps, perMinute: deps.rates.failures }) }
}
