import { expect, it } from 'vitest'
import { POISON } from '../faults/poison/poison-records.ts'
import { runPoison } from '../faults/poison/poison-trial.ts'

/** Some of each kind. */
const EACH = 2

it('delivers every good event in order, and has one dead letter with the right code for each poison record', {
  timeout: 400_000,
}, async () => {
  const poison = EACH * POISON.length

  const { findings, letters } = await runPoison({ events: 300, poison, rounds: 1, seed: 1 })

  expect(findings).toEqual([])
  expect([...letters].sort()).toEqual(POISON.map(({ kind }) => [kind, EACH]).sort())
})
