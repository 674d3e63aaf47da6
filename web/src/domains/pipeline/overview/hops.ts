/** One hop as `GET /telemetry` returns it, in milliseconds; null without any. */
export type HopLatency = {
  readonly hop: string
  readonly count: number
  readonly p50: number | null
  readonly p95: number | null
  readonly p99: number | null
}

const NAMES: Readonly<Record<string, string>> = {
  accept_to_append: 'Request → Kafka',
  append_to_deliver: 'Kafka → delivery begins',
  deliver_to_store: 'Delivery begins → stored',
  store_to_post: 'Stored → posted',
  accept_to_post: 'Kafka → posted',
  fold_lag: 'Kafka → views',
  append_to_receive: 'Kafka → page',
  receive_to_paint: 'Page → screen',
  accept_to_paint: 'Kafka → screen',
}

/** Returns how the page names a hop. */
export function sayHop(hop: string): string {
  return NAMES[hop] ?? hop.replaceAll('_', ' ')
}

/** Returns a latency with as many digits as it is known to: a histogram has steps of a fifth. */
export function sayMs(ms: number | null): string {
  if (ms === null) return '–'
  return ms < 10 ? ms.toFixed(1) : String(Math.round(ms))
}

/** How many medians a trend has. */
const REMEMBERED = 40

/** Returns the medians of each hop with the newest ones. */
export function rememberMedians(
  before: ReadonlyMap<string, readonly number[]>,
  hops: readonly HopLatency[],
): ReadonlyMap<string, readonly number[]> {
  return new Map(
    hops.map(({ hop, p50 }) => {
      const known = before.get(hop) ?? []
      return [hop, p50 === null ? known : [...known, p50].slice(-REMEMBERED)]
    }),
  )
}
