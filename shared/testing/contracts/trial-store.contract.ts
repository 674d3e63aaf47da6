import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import type { TrialStore } from '#shared/pipeline/consume/trial-store.ts'

/** The contract of every TrialStore. `make` opens another instance on the same data. */
export function describeTrialStore(name: string, make: () => TrialStore): void {
  describe(`the TrialStore ${name}`, () => {
    let place: { topic: string; partition: number; consumer: string }
    beforeEach(() => {
      place = { topic: `t-${randomUUID()}`, partition: 0, consumer: 'fold' }
    })
    const trial = (first: number, owner = 'a') => ({ first, last: first + 9, owner })

    test('returns the trial before, by partition and consumer', async () => {
      const alone = { ...trial(10), kills: 1, isWaiting: true } as const
      expect(await make().begin(place, trial(0))).toBeNull()
      expect(await make().begin(place, alone)).toEqual(trial(0))
      expect(await make().begin(place, trial(10))).toEqual(alone)
      expect(await make().begin({ ...place, partition: 1 }, trial(0))).toBeNull()
      expect(await make().begin({ ...place, consumer: 'deliver' }, trial(0))).toBeNull()
    })

    test('removes a trial for its owner only', async () => {
      await make().begin(place, trial(0, 'a'))
      await make().end(place, 'b')
      expect(await make().begin(place, trial(1, 'b'))).toEqual(trial(0, 'a'))
      await make().end(place, 'b')
      await make().end(place, 'b')
      expect(await make().begin(place, trial(2))).toBeNull()
    })
  })
}
