import { expect, test } from 'vitest'
import { makeContext } from '#shared/testing/functions/lambda-events.ts'
import { memoryTelemetry } from '#shared/testing/memory/memory-telemetry.ts'
import { answerInTime } from './answer-in-time.ts'

test('an invocation is counted and measured, and what was measured is written before it returns', async () => {
  const telemetry = memoryTelemetry()
  const handler = answerInTime(async (event: string) => event, { late: () => 'late', telemetry })

  await handler('a', makeContext(5000))
  await handler('b', makeContext(5000))

  expect(Object.fromEntries(telemetry.counts)).toEqual({ cold_starts: 1 })
  expect(telemetry.values.get('function_duration')).toHaveLength(2)
  expect(telemetry.flushes()).toBe(2)
})

test('an invocation that fails or is out of time is an error, and is measured as well', async () => {
  const telemetry = memoryTelemetry()
  const fail = () => Promise.reject(new Error('no'))
  const failing = answerInTime(fail, { late: () => 'late', telemetry })
  const late = answerInTime(() => new Promise(() => {}), { late: () => 'late', telemetry })

  await expect(failing('a', makeContext(5000))).rejects.toThrow('no')
  expect(await late('b', makeContext(510))).toBe('late')

  expect(telemetry.counts.get('function_errors')).toBe(2)
  expect(telemetry.flushes()).toBe(2)
})
