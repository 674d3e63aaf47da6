import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { type RateCounter, spanAt } from '#shared/pipeline/limits/rate-counter.ts'

/** The contract of every RateCounter. `make` opens another instance on the same data. */
export function describeRateCounter(name: string, make: () => RateCounter): void {
  describe(`the RateCounter ${name}`, () => {
    const SPAN = spanAt(Date.now(), 1)

    test('returns the sum of what all instances have added', async () => {
      const who = randomUUID()

      expect(await make().add(who, SPAN, 1)).toBe(1)
      expect(await make().add(who, SPAN, 2.5)).toBe(3.5)
    })

    test('counts each name, each span and each length of spans apart', async () => {
      const who = randomUUID()
      await make().add(who, SPAN, 7)

      expect(await make().add(`${who}x`, SPAN, 1)).toBe(1)
      expect(await make().add(who, { ...SPAN, index: SPAN.index + 1 }, 1)).toBe(1)
      expect(await make().add(who, { ...SPAN, seconds: 60 }, 1)).toBe(1)
    })

    test('loses nothing of what is added at the same time', async () => {
      const who = randomUUID()

      const sums = await Promise.all(Array.from({ length: 20 }, () => make().add(who, SPAN, 1)))

      expect(sums.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1))
    })
  })
}
