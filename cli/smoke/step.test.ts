import { expect, test } from 'vitest'
import { instantClock } from '../testing/run-in-process.ts'
import { createSteps, StepFailure, type StepResult } from './step.ts'

function start(patienceMs = 1000) {
  const results: StepResult[] = []
  const steps = createSteps({
    clock: instantClock(),
    signal: new AbortController().signal,
    patienceMs,
    report: (result) => results.push(result),
    adviceFor: (name) => `read the log of ${name}`,
  })
  return { results, ...steps }
}

test('a step gives its result to those that need it', async () => {
  const { step, results } = start()

  const write = await step('write', 'writes', {}, async () => ({ offset: 3 }))
  const read = await step('read', 'reads', { write }, async (given) => ({ next: given.write.offset + 1 }))

  expect(read).toEqual({ next: 4 })
  expect(results).toEqual([
    { step: 'write', does: 'writes', status: 'ok', ms: 0 },
    { step: 'read', does: 'reads', status: 'ok', ms: 0 },
  ])
})

test('a step that fails says why and what to do, and those that need it are left out', async () => {
  const { step, results } = start()

  const write = await step('write', 'writes', {}, async (): Promise<object> => {
    throw new StepFailure('POST /events returned 503')
  })
  const read = await step('read', 'reads', { write, self: {} }, async () => ({}))

  expect(read).toBeNull()
  expect(results).toEqual([
    {
      step: 'write',
      does: 'writes',
      status: 'fail',
      detail: 'POST /events returned 503',
      advice: 'read the log of write',
      ms: 0,
    },
    { step: 'read', does: 'reads', status: 'skipped', detail: 'it needs write', ms: 0 },
  ])
})

test('what is no failure of the stack ends the command', async () => {
  const { step } = start()

  await expect(
    step('write', 'writes', {}, async (): Promise<object> => {
      throw new TypeError('broken')
    }),
  ).rejects.toThrow('broken')
})

test('what comes late is waited for until the patience ends, and then the last reason is given', async () => {
  const { until } = start()
  let looks = 0
  const look = async (): Promise<{ found: number } | { not: string }> => {
    looks += 1
    return looks < 4 ? { not: 'nothing is there' } : { found: looks }
  }

  expect(await until(look)).toEqual({ found: 4 })
  await expect(until(async () => ({ not: 'nothing is there' }))).rejects.toThrow(
    'nothing is there, after 1 s',
  )
})
