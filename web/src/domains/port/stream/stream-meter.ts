/** Latencies of one hop, in milliseconds; null without samples. */
export type Hop = { readonly p50: number; readonly p95: number; readonly p99: number } | null

export type StreamMetrics = {
  /** Events in the last full second, and of each of the seconds before it, oldest first. */
  readonly perSecond: number
  readonly seconds: readonly number[]
  readonly total: number
  /** From the time of the event to its arrival; from there to the page's data; from there to the screen; in total. */
  readonly written: Hop
  readonly buffered: Hop
  readonly painted: Hop
  readonly whole: Hop
}

type Hops = Pick<StreamMetrics, 'written' | 'buffered' | 'painted' | 'whole'>
type Sample = { readonly written: number; readonly buffered: number; readonly painted: number }

const SECONDS = 120
const SAMPLES = 500
/** How many events of one frame are measured. */
const PER_FRAME = 8
/** An older event was written long ago or has a wrong clock: it says nothing about the stream. */
const FRESH_MS = 60_000

/** How long an event took from its time to this browser, and when it came, as `performance.now`. */
export type Received = { readonly written: number; readonly at: number }

/**
 * Measures the stream in this browser, in milliseconds. Seconds are counted by the time of day, as the reader sees it;
 * what happens within the page is measured with `performance.now`, which nobody sets, but which may have stood still
 * while the machine slept: the two are never compared.
 */
export function createStreamMeter() {
  const counts = new Map<number, number>()
  let samples: Sample[] = []
  let total = 0
  let sorted: { readonly of: readonly Sample[]; readonly hops: Hops } | null = null

  /** Sorted once for all readers. */
  function hops(): Hops {
    if (sorted?.of !== samples) sorted = { of: samples, hops: hopsOf(samples) }
    return sorted.hops
  }
  return {
    /** Counts an event that came in, in epoch milliseconds. */
    count: (at: number) => {
      const second = Math.floor(at / 1000)
      counts.set(second, (counts.get(second) ?? 0) + 1)
      total++
      if (counts.size > SECONDS + 5)
        for (const old of counts.keys()) if (Math.abs(second - old) > SECONDS) counts.delete(old)
    },
    /** Measures events that were put on the page at `flushed` and on the screen at `painted`, as `performance.now`. */
    frame: (received: readonly Received[], flushed: number, painted: number) => {
      const step = Math.max(1, Math.ceil(received.length / PER_FRAME))
      const chosen = received.filter((_, index) => index % step === 0)
      const measured = chosen
        .filter(({ written }) => written < FRESH_MS && written > -1000)
        .map(({ written, at }) => ({
          written: Math.max(0, written),
          buffered: flushed - at,
          painted: painted - flushed,
        }))
      samples = [...samples, ...measured].slice(-SAMPLES)
    },
    /** How many seconds are counted. */
    size: () => counts.size,
    /** `now` in epoch milliseconds. */
    metrics: (now: number): StreamMetrics => {
      const last = Math.floor(now / 1000) - 1
      const seconds = Array.from(
        { length: SECONDS },
        (_, index) => counts.get(last - SECONDS + 1 + index) ?? 0,
      )
      return { perSecond: seconds.at(-1) ?? 0, seconds, total, ...hops() }
    },
  }
}

function hopsOf(samples: readonly Sample[]): Hops {
  return {
    written: hopOf(samples.map(({ written }) => written)),
    buffered: hopOf(samples.map(({ buffered }) => buffered)),
    painted: hopOf(samples.map(({ painted }) => painted)),
    whole: hopOf(samples.map(({ written, buffered, painted }) => written + buffered + painted)),
  }
}

export type StreamMeter = ReturnType<typeof createStreamMeter>

function hopOf(values: readonly number[]): Hop {
  if (values.length === 0) return null
  const sorted = Float64Array.from(values).sort()
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) }
}
