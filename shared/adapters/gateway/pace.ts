/** What a pace reads the time from and waits with, in milliseconds. Its `now` never jumps, as that of `performance`. */
export type Clock = {
  readonly now: () => number
  readonly sleep: (ms: number) => Promise<unknown>
  /** From 0 to 1, for the jitter of pauses. */
  readonly random: () => number
}

/** How many of the last posts may be throttled without a change of the pace: full buffers of some clients. */
const TOLERATED_SHARE = 0.05
/** The weight of one response in the share; about the last 32 count. */
const WEIGHT = 1 / 32
/** The rate after a throttle, as a part of the rate that was served just before. */
const DECREASE = 0.7
/** The growth of the rate in a second without a throttle. */
const GROWTH = 1.1
/** A rate that grew to this multiple of the one that was served is no limit any more. */
const FREE_AT = 3
/** The served rate is no measure of the limit where there was little to post, so the rate never falls below this. */
const LOWEST_RATE = 50
/** No post starts for this long after a decrease, and responses to earlier posts do not decrease the rate again. */
const PAUSE_MS = 200
/** The first pause of a connection that was throttled; it doubles with each further throttle, up to three times. */
const FULL_MS = 100
const FULL_DOUBLINGS = 3
const FULL_KEPT_MS = 60_000
/** What a further throttle of the same connection counts for; the first counts for 1, the second for a half. */
const REPEATED_WEIGHT = 1 / 4
/** Retries without further posts that succeed, and what each such post adds. */
const RETRIES = 50
const RETRY_PER_POST = 0.1

export type Pace = ReturnType<typeof createPace>

/**
 * The pace of all posts of a process, retries included. It is unlimited until the gateway throttles (429); then it is a
 * rate, a part of what the gateway served just before, that grows until it no longer limits.
 *
 * API Gateway responds with the same 429 when the account is at its limit and when the buffer of one client is full. The
 * two differ only in number: a limit throttles many connections, a full buffer the same one again. So a throttled
 * connection waits by itself, its further 429s count for less than its first, and the rate falls only when 429s of
 * several connections are more than one in twenty of the last responses.
 */
export function createPace({ now, sleep, random }: Clock) {
  const full = createFullConnections({ now, random })
  const served = createRateMeter(now)
  let limit: { readonly rate: number; readonly since: number } | undefined
  let nextSlot = 0
  let version = 0
  let share = 0
  let retries = RETRIES

  const rateNow = (): number => {
    if (limit === undefined) return Number.POSITIVE_INFINITY
    const rate = limit.rate * GROWTH ** ((now() - limit.since) / 1000)
    if (rate < limit.rate * FREE_AT) return rate
    limit = undefined
    return Number.POSITIVE_INFINITY
  }
  const decrease = () => {
    limit = { rate: Math.max(LOWEST_RATE, served.perSecond() * DECREASE), since: now() + PAUSE_MS }
    nextSlot = now() + PAUSE_MS
    version++
    share = 0
  }
  const count = (throttled: number) => {
    share += (throttled - share) * WEIGHT
  }

  return {
    /** Waits until a post to the connection may start. Returns false, without waiting, if that is after the deadline. */
    async turn(connection: string, deadline: number): Promise<boolean> {
      for (;;) {
        const rate = rateNow()
        const slot = Math.max(nextSlot, full.until(connection), now())
        if (slot >= deadline) return false
        full.take(connection, slot)
        if (rate !== Number.POSITIVE_INFINITY) nextSlot = Math.max(nextSlot, now()) + 1000 / rate
        if (slot <= now()) return true
        const asked = version
        await sleep(slot - now())
        if (asked === version) return true // otherwise the rate fell meanwhile, and the turn is no longer valid
      }
    },
    /** The gateway took a post of the connection. */
    sent(connection: string): void {
      full.remove(connection)
      served.add()
      count(0)
      retries = Math.min(RETRIES, retries + RETRY_PER_POST)
    },
    /** The gateway refused a post of the connection with 429. */
    throttled(connection: string): void {
      const weight = full.add(connection)
      if (limit !== undefined && now() < limit.since) return
      count(weight)
      if (share > TOLERATED_SHARE && full.count() > 1) decrease()
    },
    /** Whether a failed post may be tried again. In the long run one retry is allowed for ten posts that succeed. */
    mayRetry(): boolean {
      if (retries < 1) return false
      retries--
      return true
    },
  }
}

/** The connections that were throttled since their last success, and when each may be tried again. */
function createFullConnections({ now, random }: Pick<Clock, 'now' | 'random'>) {
  const pauses = new Map<string, { readonly until: number; readonly times: number }>()
  const pauseOf = (times: number) => (0.5 + random()) * FULL_MS * 2 ** Math.min(times, FULL_DOUBLINGS)
  const forgetOld = () => {
    for (const [connection, { until }] of pauses) {
      if (until + FULL_KEPT_MS > now()) return // they are kept in the order of their last throttle
      pauses.delete(connection)
    }
  }
  return {
    count: () => pauses.size,
    until: (connection: string): number => (pauses.size === 0 ? 0 : (pauses.get(connection)?.until ?? 0)),
    /** A post to the connection starts at `slot`. If it was throttled, the next one waits for a pause again. */
    take(connection: string, slot: number): void {
      const known = pauses.size === 0 ? undefined : pauses.get(connection)
      if (known) pauses.set(connection, { until: slot + pauseOf(known.times), times: known.times })
    },
    remove(connection: string): void {
      if (pauses.size > 0) pauses.delete(connection)
    },
    /** Returns what the throttle counts for. */
    add(connection: string): number {
      forgetOld()
      const times = pauses.get(connection)?.times ?? 0
      pauses.delete(connection)
      pauses.set(connection, { until: now() + pauseOf(times), times: times + 1 })
      return Math.max(REPEATED_WEIGHT, 2 ** -times)
    },
  }
}

const METER_MS = 1000

/** Counts what happened in the present second and the one before. */
function createRateMeter(now: () => number) {
  let since = Number.NEGATIVE_INFINITY
  let current = 0
  let previous = 0
  let busy = 0
  const roll = () => {
    const elapsed = now() - since
    if (elapsed < METER_MS) return
    previous = elapsed < 2 * METER_MS ? current : 0
    busy = previous > 0 ? METER_MS : 0
    current = 0
    since = elapsed < 2 * METER_MS ? since + METER_MS : now()
  }
  return {
    add(): void {
      roll()
      current++
    },
    perSecond(): number {
      roll()
      return ((current + previous) * 1000) / Math.max(100, busy + now() - since)
    },
  }
}
