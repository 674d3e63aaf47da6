/** How far a group was behind at a moment. */
export type LagSample = {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly lag: number
  /** The age of the oldest record that it has not committed; null if it is unknown. */
  readonly lagMs: number | null
}

export type Verdict = 'normal' | 'lagging' | 'recovering' | 'recovered'

/** A group is behind if its oldest record has waited for so long: shorter waits are usual while events arrive. */
const LATE_MS = 10_000
/** The lag is compared with that of so many samples before. */
const TREND_SAMPLES = 3
/** For so long a group is called recovered. */
const RECOVERED_MS = 60_000

function isLate({ lag, lagMs }: LagSample): boolean {
  return lag > 0 && (lagMs === null || lagMs >= LATE_MS)
}

/** Judges a group by its samples, oldest first: whether it is behind, and whether it catches up. */
export function judgeGroup(samples: readonly LagSample[]): Verdict {
  const last = samples.at(-1)
  if (last === undefined) return 'normal'
  if (!isLate(last)) {
    const late = samples.findLast(isLate)
    return late !== undefined && last.at - late.at <= RECOVERED_MS ? 'recovered' : 'normal'
  }
  const before = samples[Math.max(0, samples.length - 1 - TREND_SAMPLES)] ?? last
  return last.lag < before.lag ? 'recovering' : 'lagging'
}
