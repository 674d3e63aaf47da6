import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { propertyRuns, TEST_SEED } from '../test-seed.ts'
import { explainViews, runViews } from './view-run.ts'
import { VIEW_MUTATIONS, type ViewMutation } from './view-world.ts'

const RUNS = propertyRuns(300)
/** A broken rule is found within this many runs. */
const TEETH_RUNS = 3000
/** Any seed would do. From this one each broken rule is found within some hundred runs. */
const FIRST_SEED = 1500
const TIMEOUT_MS = 60_000 + RUNS * 100

describe('a view in the browser, after any sequence of cuts, gaps and crashes', () => {
  test(`equals the server's in ${RUNS} runs from seed ${TEST_SEED}`, { timeout: TIMEOUT_MS }, async () => {
    const property = fc.asyncProperty(fc.integer({ min: 1, max: 2 ** 31 - 1 }), async (seed) => {
      const fault = await runViews(seed)
      if (fault !== null) throw new Error(await explainViews(seed))
    })

    await fc.assert(property, { seed: TEST_SEED, numRuns: RUNS, endOnFailure: true })
  })
})

describe('without one rule of folding or following a view', () => {
  test.each(Object.entries<ViewMutation>(VIEW_MUTATIONS))(
    '%s, a difference is found',
    { timeout: TIMEOUT_MS },
    async (rule, mutation) => {
      const found = await firstFault(mutation)

      expect(found, `without ${rule} no difference in ${TEETH_RUNS} runs`).not.toBeNull()
      console.info(`without ${rule}: ${found}`)
    },
  )
})

async function firstFault(mutation: ViewMutation): Promise<string | null> {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + TEETH_RUNS; seed++) {
    const fault = await runViews(seed, { mutation })
    if (fault !== null) return `seed ${seed}: ${fault}`
  }
  return null
}
