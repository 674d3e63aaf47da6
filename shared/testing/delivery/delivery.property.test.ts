import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { propertyRuns, TEST_SEED } from '../test-seed.ts'
import { MUTATIONS, type Mutation } from './mutations.ts'
import { explain, run } from './run.ts'
import type { WorldOptions } from './world.ts'

const RUNS = propertyRuns(1000)
/** A broken rule is found within this many runs. */
const TEETH_RUNS = 20_000
const TIMEOUT_MS = 60_000 + RUNS * 100

/**
 * An operation of a memory store is one step, of a DynamoDB adapter several, so each kind has different
 * interleavings.
 */
const storesOf = (seed: number): WorldOptions['stores'] => (seed % 4 === 0 ? 'dynamodb' : 'memory')

describe('the promise of delivery: each matching event once, in order within its partition, none lost', () => {
  test(`is kept in ${RUNS} runs from seed ${TEST_SEED}`, { timeout: TIMEOUT_MS }, async () => {
    const property = fc.asyncProperty(fc.integer({ min: 1, max: 2 ** 31 - 1 }), async (seed) => {
      const options = { stores: storesOf(seed) }
      const fault = await run(seed, options)
      if (fault !== null) throw new Error(await explain(seed, options))
    })

    await fc.assert(property, { seed: TEST_SEED, numRuns: RUNS, endOnFailure: true })
  })
})

describe('without one rule of the protocol', () => {
  test.each(Object.entries<Mutation>(MUTATIONS))(
    '%s, a failure is found',
    { timeout: TIMEOUT_MS },
    async (rule, mutation) => {
      const found = await firstFault(mutation)

      expect(found, `without ${rule} no failure in ${TEETH_RUNS} runs`).not.toBeNull()
      console.info(`without ${rule}: ${found}`)
    },
  )
})

async function firstFault(mutation: Mutation): Promise<string | null> {
  for (let seed = 1; seed <= TEETH_RUNS; seed++) {
    const fault = await run(seed, { stores: 'memory', mutation })
    if (fault !== null) return `seed ${seed}: ${fault}`
  }
  return null
}
