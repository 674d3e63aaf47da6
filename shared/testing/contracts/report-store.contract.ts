import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { InstanceReport, ReportStore } from '#shared/pipeline/telemetry/instance-report.ts'

type Make = (now: () => number) => ReportStore

/** The contract of every ReportStore. `make` opens another instance on the same data. */
export function describeReportStore(name: string, make: Make): void {
  describe(`the ReportStore ${name}`, () => {
    const reportAt = (at: number, frames = 3): InstanceReport => ({
      instance: `i-${randomUUID()}`,
      at,
      frames: new Map([['c1=', { frames, events: 9, last: at - 1 }]]),
      hops: new Map([['posted', [0, 2, 0, 1]]]),
    })

    test('returns the reports of all instances, and of each the last one', async () => {
      const time = Date.now()
      const [one, two] = [reportAt(time), reportAt(time)]
      const later = { ...two, at: time + 1, frames: new Map([['c2', { frames: 1, events: 1, last: time }]]) }
      for (const report of [one, two, later]) await make(() => time).put(report)

      const found = await make(() => time + 2).list()

      const own = (report: InstanceReport) => found.filter(({ instance }) => instance === report.instance)
      expect(own(one)).toEqual([one])
      expect(own(two)).toEqual([later])
    })

    test('returns a report of thousands of connections', async () => {
      const time = Date.now()
      const flow = { frames: 1, events: 20, last: time }
      const many = Array.from({ length: 10_000 }, () => [`${randomUUID().slice(0, 15)}=`, flow] as const)
      const report = { ...reportAt(time), frames: new Map(many) }
      await make(() => time).put(report)

      const found = (await make(() => time).list()).find(({ instance }) => instance === report.instance)

      expect(found).toEqual(report)
    })

    test('forgets a report after a minute', async () => {
      const time = Date.now()
      const report = reportAt(time)
      await make(() => time).put(report)
      const isFound = async (after: number) =>
        (await make(() => time + after).list()).some(({ instance }) => instance === report.instance)

      expect(await isFound(58_000)).toBe(true)
      expect(await isFound(62_000)).toBe(false)
    })

    test('is watched for a minute after it was read, as every instance learns', async () => {
      const time = Date.now() + 3_600_000
      expect(await make(() => time).isWatched()).toBe(false)

      await make(() => time).list()

      expect(await make(() => time + 1000).isWatched()).toBe(true)
      expect(await make(() => time + 59_000).isWatched()).toBe(true)
      expect(await make(() => time + 61_000).isWatched()).toBe(false)
    })
  })
}
