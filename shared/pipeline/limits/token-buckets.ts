import { boundedMap } from './bounded-map.ts'

type Bucket = { readonly tokens: number; readonly at: number }

/** Names that are remembered; a forgotten one has a full bucket again. */
const MOST_BUCKETS = 10_000

/** Token buckets in memory that hold the tokens of one second. `elapsed` returns milliseconds. */
export function tokenBuckets(elapsed: () => number) {
  const buckets = boundedMap<Bucket>(MOST_BUCKETS)
  return {
    /** Takes a token, if there is one. Returns how many are left. */
    take(name: string, perSecond: number): { isAllowed: boolean; tokens: number } {
      const time = elapsed()
      const { tokens, at } = buckets.get(name) ?? { tokens: perSecond, at: time }
      const filled = Math.min(perSecond, tokens + (Math.max(0, time - at) / 1000) * perSecond)
      const isAllowed = filled >= 1
      const left = isAllowed ? filled - 1 : filled
      buckets.set(name, { tokens: left, at: time })
      return { isAllowed, tokens: left }
    },
  }
}
