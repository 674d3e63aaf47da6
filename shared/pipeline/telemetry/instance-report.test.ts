import { expect, test, vi } from 'vitest'
import { memoryReportStore } from '#shared/testing/memory/memory-report-store.ts'
import { countOf } from './histogram.ts'
import { createInstanceReporter, mergeReports, type ReportStore } from './instance-report.ts'

function createWorld() {
  let time = 1_800_000_000_000
  const now = () => time
  const store = memoryReportStore(now)
  const put = vi.fn(store.put)
  const reporterOf = (instance: string, other: Partial<ReportStore> = {}) =>
    createInstanceReporter({ store: { ...store, put, ...other }, instance, now })
  const advance = (ms: number) => {
    time += ms
  }
  return { store, put, reporterOf, advance, now, merged: async () => mergeReports(await store.list(), now()) }
}

const ONE = { frames: 1, events: 10 }

test('the rates of a connection are those of all instances together, over half a minute', async () => {
  const { store, reporterOf, advance, merged, now } = createWorld()
  await store.list()
  const reporters = ['a', 'b'].map((instance) => reporterOf(instance))
  for (const reporter of reporters) await reporter.look()
  for (let second = 0; second < 30; second++) {
    for (const reporter of reporters) {
      reporter.countFrames('c1', ONE)
      await reporter.write()
    }
    advance(second < 29 ? 1000 : 0)
  }

  const { rateOf } = await merged()

  const { framesPerSecond, eventsPerSecond, last } = rateOf('c1')
  expect(framesPerSecond).toBeGreaterThan(1.6)
  expect(framesPerSecond).toBeLessThanOrEqual(2)
  expect(eventsPerSecond).toBeCloseTo(framesPerSecond * 10)
  expect(last).toBeGreaterThan(now() - 5000)
  expect(rateOf('c2')).toEqual({ framesPerSecond: 0, eventsPerSecond: 0 })
})

test('an instance writes one report in five seconds, however many batches it has', async () => {
  const { store, put, reporterOf, advance } = createWorld()
  await store.list()
  const reporter = reporterOf('a')
  await reporter.look()
  for (let n = 0; n < 100; n++) {
    reporter.countFrames(`c${n}`, ONE)
    await reporter.write()
    advance(100)
  }

  expect(put).toHaveBeenCalledTimes(2)
})

test('nothing is written while nobody reads, and what was counted meanwhile is in the first report', async () => {
  const { store, put, reporterOf, advance, merged } = createWorld()
  const reporter = reporterOf('a')
  const batch = async () => {
    await reporter.look()
    reporter.countFrames('c1', ONE)
    await reporter.write()
    advance(6000)
  }
  await batch()
  await batch()
  expect(put).not.toHaveBeenCalled()

  await store.list()
  await batch()

  expect(put).toHaveBeenCalledOnce()
  expect((await merged()).rateOf('c1').framesPerSecond).toBeGreaterThan(0.09)
})

test('nothing is written when there is nothing new', async () => {
  const { store, put, reporterOf, advance } = createWorld()
  await store.list()
  const reporter = reporterOf('a')
  await reporter.look()
  reporter.countFrames('c1', ONE)
  await reporter.write()
  advance(10_000)
  await reporter.write()

  expect(put).toHaveBeenCalledOnce()
})

test('a connection that is sent nothing any more comes to rest within its window', async () => {
  const { store, reporterOf, advance, merged } = createWorld()
  await store.list()
  const reporter = reporterOf('a')
  await reporter.look()
  reporter.countFrames('c1', { frames: 30, events: 30 })
  await reporter.write()

  const rates: number[] = []
  for (const ms of [0, 20_000, 20_000]) {
    advance(ms)
    rates.push((await merged()).rateOf('c1').framesPerSecond)
  }

  expect(rates).toEqual([1, 0.5, 0])
})

test('what left the window is in no later report', async () => {
  const { store, reporterOf, advance, merged } = createWorld()
  await store.list()
  const reporter = reporterOf('a')
  await reporter.look()
  reporter.countFrames('c1', ONE)
  reporter.countHop('posted', 5)
  advance(31_000)
  reporter.countFrames('c2', ONE)
  await reporter.write()

  const { rateOf, hops } = await merged()

  expect(rateOf('c1').framesPerSecond).toBe(0)
  expect(rateOf('c2').framesPerSecond).toBeGreaterThan(0)
  expect(hops.size).toBe(0)
})

test('latencies of a hop are added up over slots and instances', async () => {
  const { store, reporterOf, advance, merged } = createWorld()
  await store.list()
  for (const instance of ['a', 'b']) {
    const reporter = reporterOf(instance)
    await reporter.look()
    for (let n = 0; n < 3; n++) {
      reporter.countHop('posted', 10 * n)
      advance(5000)
    }
    await reporter.write()
  }

  const { hops } = await merged()

  expect(countOf(hops.get('posted') ?? [])).toBe(6)
})

test('a report that cannot be written is logged and fails nothing', async () => {
  const logged = vi.spyOn(console, 'error').mockImplementation(() => {})
  const { store, reporterOf } = createWorld()
  await store.list()
  const reporter = reporterOf('a', { put: async () => Promise.reject(new Error('the table is gone')) })
  await reporter.look()
  reporter.countFrames('c1', ONE)

  await expect(reporter.write()).resolves.toBeUndefined()

  expect(logged).toHaveBeenCalledOnce()
  logged.mockRestore()
})
