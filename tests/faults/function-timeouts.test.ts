import { expect, it } from 'vitest'
import { TEST_SEED } from '#shared/testing/test-seed.ts'
import { runFunctionTimeouts } from './function-timeouts.ts'

it('answers no error with 2xx, and keeps what it accepted once, while functions run out of time', async () => {
  const seed = TEST_SEED % 1_000_000

  const run = await runFunctionTimeouts({ seconds: 20, seed, lanes: 2 })

  process.stdout.write(run.report)
  expect(run.wrong, run.report).toEqual([])
  expect(run.misplaced, run.report).toEqual([])
  expect(run.hangs.dynamodb).toBeGreaterThan(0)
  expect([...run.statuses.keys()].some((name) => name.endsWith(' 503'))).toBe(true)
  expect(run.accepted).toBeGreaterThan(0)
})
