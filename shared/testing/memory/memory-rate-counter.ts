import type { RateCounter } from '#shared/pipeline/limits/rate-counter.ts'

/** A RateCounter in memory, for tests. */
export function memoryRateCounter(): RateCounter {
  const counts = new Map<string, number>()
  return {
    async add(name, { seconds, index }, by) {
      const key = `${name} ${seconds} ${index}`
      const sum = (counts.get(key) ?? 0) + by
      counts.set(key, sum)
      return sum
    },
  }
}
