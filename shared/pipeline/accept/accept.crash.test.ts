import { describe, expect, test } from 'vitest'
import type { Claim, ClaimStore } from '#shared/pipeline/claim-store.ts'
import { crashAt, runAccepts } from '#shared/testing/accept/accept-run.ts'

/** `CRASH_EVENTS=10000` for the long run. */
const EVENTS = Number(process.env.CRASH_EVENTS ?? 1500)
const PER_RUN = 100
const SEEDS = Array.from({ length: Math.ceil(EVENTS / PER_RUN) }, (_, index) => index + 1)

describe('accepting, with crashes at any step, failing writes, retries and repeats at once', () => {
  test.each(['memory', 'dynamodb'] as const)(
    `loses and repeats none of ${EVENTS} events, and answers one position for each (%s)`,
    async (claims) => {
      const total = { made: 0, crashes: 0, conflicts: 0, failures: 0, repeats: 0 }
      for (const seed of SEEDS) {
        const { fault, counts } = await runAccepts(seed, PER_RUN, { claims })
        expect(fault, `seed ${seed}`).toBeNull()
        for (const name of Object.keys(total) as (keyof typeof total)[]) total[name] += counts[name]
      }
      console.log(`${EVENTS} events, ${claims}: ${JSON.stringify(total)}`)
      expect(total.crashes).toBeGreaterThan(SEEDS.length)
      expect(total.repeats).toBeGreaterThan(SEEDS.length)
    },
    600_000,
  )
})

describe.each(['memory', 'dynamodb'] as const)('a crash at each step in turn (%s)', (claims) => {
  test.each([
    ['a single event', { ids: ['a'] }],
    ['a batch', { ids: ['a', 'b', 'c'] }],
    ['a request with a key', { ids: ['a', 'b'], key: 'k' }],
  ])('of %s neither loses it nor refuses the retry', async (_, request) => {
    const outcomes: string[] = []
    for (let step = 0; outcomes.at(-1) !== 'not reached'; step++)
      for (const isConsumedFirst of [false, true]) {
        const { outcome, fault } = await crashAt(step, request, isConsumedFirst, { claims })
        expect(fault, `step ${step}`).toBeNull()
        outcomes.push(outcome)
      }
    expect(outcomes.length).toBeGreaterThan(10)
  })
})

describe('the same run detects', () => {
  const NOWHERE: Claim = { topic: 'nowhere', partition: 0, offset: 0 }
  const findFault = async (rule: Parameters<typeof runAccepts>[2]) => {
    for (const seed of SEEDS) {
      const { fault } = await runAccepts(seed, PER_RUN, rule)
      if (fault) return fault
    }
    return null
  }

  test('a writer that returns its own position instead of the claim’s', async () => {
    const writer = (claims: ClaimStore): ClaimStore => ({ ...claims, claim: async (_, claim) => claim })
    expect(await findFault({ writer })).toContain('was acknowledged at')
  })

  test('a consumer that does not store an event because of a lease', async () => {
    const consumer = (claims: ClaimStore): ClaimStore => ({
      ...claims,
      async claim(key, claim) {
        const found = await claims.lease(key, 'the consumer')
        return found === 'in_flight' ? NOWHERE : claims.claim(key, claim)
      },
    })
    expect(await findFault({ consumer })).toContain('is lost')
  })

  test('a consumer that stores an event that another record has claimed', async () => {
    const consumer = (claims: ClaimStore): ClaimStore => ({ ...claims, claim: async (_, claim) => claim })
    expect(await findFault({ consumer })).toContain('is stored at')
  })
})
