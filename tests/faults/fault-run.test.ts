import { expect, it } from 'vitest'
import { TEST_SEED } from '#shared/testing/test-seed.ts'
import { describeFaultRun, runFaults } from './fault-run.ts'

const SECONDS = 25

it('loses, repeats and reorders nothing while sockets, processes, DynamoDB and the gateway fail at random', {
  timeout: 480_000,
}, async () => {
  const seed = TEST_SEED % 1_000_000

  const tell = (line: string) => process.stdout.write(`${line}\n`)
  tell(`fault run of seed ${seed}`)

  const run = await runFaults({
    seconds: SECONDS,
    seed,
    clients: 20,
    rate: 100,
    settleSeconds: 30,
    onProgress: tell,
  })

  const report = describeFaultRun(run)
  process.stdout.write(report)
  expect(run.findings, report).toMatchObject({
    lost: 0,
    repeated: 0,
    outOfOrder: 0,
    unasked: 0,
    misplaced: 0,
    gaps: 0,
  })
  expect(run.notStored).toBe(0)
  expect(run.produced.contradictions).toBe(0)
  expect(run.counts.cuts).toBeGreaterThan(0)
  expect(run.counts.kills).toBeGreaterThan(0)
  expect(run.produced.acceptedAt.size).toBeGreaterThan(0)
})
