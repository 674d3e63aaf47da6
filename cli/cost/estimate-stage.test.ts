import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { breakEvens, estimateAppsync } from './alternatives.ts'
import { estimateStage, type Stage, sumOf } from './estimate-stage.ts'
import { PRICES, priceOf, transferCost } from './prices.ts'
import { type Traffic, trafficOf, type Workload } from './traffic.ts'

const WORKLOAD: Workload = {
  eventsPerSecond: 1,
  viewers: 100,
  fanOut: 10,
  hours: 730,
  eventBytes: 600,
  eventsPerPost: 1,
  activeTopics: 1,
  viewParts: 1,
  windowMs: 0,
  pingSeconds: 330,
  shards: 1,
  memory: 1769,
}
const STAGE: Stage = { kafka: 'serverless', pollers: 'provisioned', region: 'us-east-1', kafkaCost: 0 }
const costOf = (changed: Partial<Workload>, stage: Partial<Stage> = {}) => {
  const workload = { ...WORKLOAD, ...changed }
  return sumOf(estimateStage(workload, trafficOf(workload, 'provisioned'), { ...STAGE, ...stage }))
}

test('every price has a page and an amount for both regions', () => {
  for (const [name, { source, usd, per }] of Object.entries(PRICES)) {
    expect(source, name).toMatch(/^https:\/\//)
    expect(per, name).not.toBe('')
    for (const amount of Object.values(usd)) expect(amount, name).toBeGreaterThan(0)
  }
})

test('an event poller unit costs what the example of AWS says: 10 of them for 720 hours $1,332', () => {
  // https://docs.aws.amazon.com/lambda/latest/dg/kafka-scaling-modes.html
  expect(priceOf('pollerUnit', 10 * 720, 'us-east-1')).toBeCloseTo(1332, 6)
  expect(priceOf('pollerUnit', 720, 'us-east-1')).toBeCloseTo(133.2, 6)
})

test('traffic to the internet is paid by tier, after 100 GB', () => {
  expect(transferCost(100, 'us-east-1')).toBe(0)
  expect(transferCost(1100, 'us-east-1')).toBeCloseTo(90, 6)
  expect(transferCost(100 + 10_240 + 1000, 'us-east-1')).toBeCloseTo(10_240 * 0.09 + 85, 6)
})

/** bench/results/units.json has what a proxy in front of the tables counted. */
describe('units of DynamoDB per event agree with those that were measured', () => {
  const unitsOf = (eventsPerBatch: number) => {
    const traffic: Traffic = {
      ...trafficOf(WORKLOAD, 'provisioned'),
      events: 1_000_000,
      batches: 1_000_000 / eventsPerBatch,
      pings: 0,
      connects: 0,
    }
    const lines = estimateStage(WORKLOAD, traffic, STAGE)
    const perEvent = (what: string) => (lines.find((line) => line.what === what)?.amount ?? 0) / 1_000_000
    return { writes: perEvent('write units'), reads: perEvent('read units') }
  }

  test.each([
    ['a lone event', 1, 0.05],
    ['500 events/s, 50 per viewer', 7.5, 0.3],
  ])('of %s, in batches of %d', async (load, eventsPerBatch, tolerance) => {
    const saved = await readFile(new URL('../../bench/results/units.json', import.meta.url), 'utf8')
    const { results } = JSON.parse(saved) as { results: readonly Record<string, number | string>[] }
    const row = results.find((each) => each.load === load)
    const [measuredWrites, measuredReads] = [
      row?.['write units per event'],
      row?.['read units per event'],
    ].map(Number)
    const { writes, reads } = unitsOf(eventsPerBatch)

    expect(Math.abs(writes / Number(measuredWrites) - 1)).toBeLessThanOrEqual(tolerance)
    expect(Math.abs(reads / Number(measuredReads) - 1)).toBeLessThanOrEqual(tolerance)
  })
})

describe('the model', () => {
  test('batches events only while there is something to wait for', () => {
    expect(trafficOf(WORKLOAD, 'provisioned').eventsPerBatch).toBe(1)
    expect(trafficOf({ ...WORKLOAD, windowMs: 30_000 }, 'provisioned').eventsPerBatch).toBeCloseTo(10, 6)
    expect(
      trafficOf({ ...WORKLOAD, eventsPerSecond: 100, viewers: 5000, fanOut: 5000 }, 'provisioned')
        .eventsPerBatch,
    ).toBeGreaterThan(30)
  })

  test('counts a frame for each viewer that a batch reaches, and messages by 32 KB', () => {
    const all = trafficOf({ ...WORKLOAD, fanOut: 100, windowMs: 30_000 }, 'provisioned')
    expect(all.deliveries / all.frames).toBeCloseTo(10, 6)
    const large = trafficOf({ ...WORKLOAD, fanOut: 100, windowMs: 30_000, eventBytes: 10_000 }, 'provisioned')
    expect(large.billedFrames / large.frames).toBe(4)
  })

  test('says so if an invocation cannot keep up', () => {
    const flood = { ...WORKLOAD, eventsPerSecond: 3000, viewers: 10_000, fanOut: 1000 }
    expect(trafficOf(flood, 'provisioned').keepsUp).toBe(false)
    expect(trafficOf({ ...flood, eventsPerSecond: 10 }, 'provisioned').keepsUp).toBe(true)
  })

  test.each(['eventsPerSecond', 'fanOut', 'hours', 'shards'] as const)('costs more with more %s', (name) => {
    expect(costOf({ [name]: WORKLOAD[name] * 0.5 })).toBeLessThan(costOf({}))
  })

  test('costs nothing for events that do not come but what runs always', () => {
    const rest = costOf({ eventsPerSecond: 1e-9, viewers: 1, fanOut: 1, hours: 1 })
    expect(rest).toBeGreaterThan(800)
    expect(
      costOf(
        { eventsPerSecond: 1e-9, viewers: 1, fanOut: 1, hours: 1 },
        { kafka: 'given', pollers: 'on-demand' },
      ),
    ).toBeLessThan(20)
  })

  test('finds the rate at which another way has the same cost', () => {
    const other = (at: Workload, traffic: Traffic) => estimateAppsync(at, traffic, 'us-east-1')
    const [point, ...more] = breakEvens(WORKLOAD, STAGE, other)
    expect(more).toEqual([])
    const at = { ...WORKLOAD, eventsPerSecond: point?.eventsPerSecond ?? 0 }
    expect(point?.isCheaperAbove).toBe(true)
    expect(
      sumOf(estimateStage(at, trafficOf(at, 'provisioned'), STAGE)) /
        sumOf(other(at, trafficOf(at, 'provisioned'))),
    ).toBeCloseTo(1, 6)
  })
})
