import { expect, it } from 'vitest'
import { isClean } from './check-deliveries.ts'
import { runSleepTrial } from './sleep-trial.ts'

it('after a sleep that is longer than every limit of a request the demo and all clients go on, and nothing is lost', async () => {
  const trial = await runSleepTrial({ sleeps: [12], jumps: [], clients: 10, rate: 10, watchSeconds: 1 })

  expect(trial.findings.details).toEqual([])
  expect(isClean(trial.findings)).toBe(true)
  expect(trial.tail).toEqual({ missing: 0, twice: 0, isRunning: true })
  expect(trial.said.join('\n')).toContain('the machine slept, or this process was stopped, for ')
})
