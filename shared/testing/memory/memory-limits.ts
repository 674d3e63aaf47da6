import { createLimits, type Limits } from '#shared/pipeline/limits/limits.ts'
import type { RateCounter } from '#shared/pipeline/limits/rate-counter.ts'
import { parseRates } from '#shared/pipeline/limits/rates.ts'
import { memoryRateCounter } from './memory-rate-counter.ts'

type Options = {
  /** As `RATE_LIMITS`. */
  readonly rates?: string
  readonly now?: () => number
  /** Instances with the same counter share their limits. */
  readonly counter?: RateCounter
  readonly random?: () => number
}

/** The limits of one instance of a function, for tests. Without rates nothing is limited. */
export function memoryLimits({
  rates = 'off',
  now = Date.now,
  counter = memoryRateCounter(),
  random = () => 0,
}: Options = {}): Limits {
  return createLimits({ counter, rates: parseRates(rates), now, elapsed: now, random })
}
