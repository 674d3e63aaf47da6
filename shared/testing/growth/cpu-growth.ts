/** How much larger the large input is than the small one. */
export const TIMES_LARGER = 8
const RUNS = 5
/** What costs less, in microseconds, costs nothing: caches and the clock are all there is to see. */
const FLOOR = 50
/** CPU time of a measurement, in microseconds, below which the small input is repeated: the clock is no finer. */
const MEASURABLE = 2000

/**
 * Returns how many times more CPU an input of `n` costs than one of an eighth of it. What reads its input in one pass has
 * a ratio of about 8, a quadratic one of 64. The smallest of several runs counts, so that what else the machine does has
 * little part in it.
 */
export function cpuGrowth(prepare: (n: number) => () => unknown, n: number): number {
  const [small, large] = [prepare(Math.round(n / TIMES_LARGER)), prepare(n)]
  measure(small, 1)
  let repeats = 1
  while (measure(small, repeats) < MEASURABLE && repeats < 1000) repeats *= 2
  const smallest = (run: () => unknown, times: number) =>
    Math.min(...Array.from({ length: RUNS }, () => measure(run, times) / times))
  return Math.max(FLOOR, smallest(large, 1)) / Math.max(FLOOR, smallest(small, repeats))
}

/** Microseconds of CPU of this process. */
function measure(run: () => unknown, times: number): number {
  const begin = process.cpuUsage()
  for (let index = 0; index < times; index++) {
    try {
      run()
    } catch (error) {
      // Being refused is one way to be done; a stack that overflows is not.
      if (error instanceof RangeError) throw error
    }
  }
  const { user, system } = process.cpuUsage(begin)
  return Math.max(1, user + system)
}
