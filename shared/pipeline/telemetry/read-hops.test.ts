import { expect, test } from 'vitest'
import { memoryReportStore } from '#shared/testing/memory/memory-report-store.ts'
import { memoryTelemetry } from '#shared/testing/memory/memory-telemetry.ts'
import { HOPS } from './hops.ts'
import { createInstanceReporter } from './instance-report.ts'
import { readHops } from './read-hops.ts'
import { withHops } from './telemetry.ts'

test('the hops that instances measure are read together, in the order of the way', async () => {
  const now = () => 1_000_000
  const store = memoryReportStore(now)
  expect((await readHops(store, now())).hops.every(({ count, p50 }) => count === 0 && p50 === null)).toBe(
    true,
  )
  const { metrics, values } = memoryTelemetry()

  for (const instance of ['i1', 'i2']) {
    const reporter = createInstanceReporter({ store, instance, now })
    const measured = withHops(metrics, reporter)
    for (const ms of [10, 10, 10, 100]) measured.observe('accept_to_post', ms)
    measured.observe('function_duration', 7)
    await reporter.look()
    await reporter.write()
  }
  const { windowSeconds, hops } = await readHops(store, now())

  expect(windowSeconds).toBe(30)
  expect(hops.map(({ hop }) => hop)).toEqual(HOPS)
  const found = hops.find(({ hop }) => hop === 'accept_to_post')
  expect(found?.count).toBe(8)
  expect(found?.p50).toBeGreaterThanOrEqual(10)
  expect(found?.p50).toBeLessThan(12)
  expect(found?.p99).toBeGreaterThanOrEqual(100)
  expect(values.get('function_duration')).toEqual([7, 7])
})
