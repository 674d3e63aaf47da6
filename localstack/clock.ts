/** The two clocks of a machine, in milliseconds. */
export type Clock = {
  /** The time of day, since 1970. It may be set, forward or back. */
  readonly now: () => number
  /** Since some moment, for durations. It is never set, and may stand still while the machine sleeps. */
  readonly elapsed: () => number
}

export const systemClock: Clock = { now: () => Date.now(), elapsed: () => performance.now() }
