import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { runInProcess } from '../testing/run-in-process.ts'
import type { CostReport } from './cost-report.ts'
import { TOPICS } from './estimate-stage.ts'

const run = (...args: readonly string[]) => runInProcess(['cost', ...args])

async function report(...args: readonly string[]): Promise<CostReport> {
  const { code, stdout, stderr } = await run(...args, '--json')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return JSON.parse(stdout) as CostReport
}

describe('tidewire cost prints what it printed before', () => {
  test.each([
    ['a-market', ['--events-per-second', '10', '--viewers', '1000']],
    [
      'an-office',
      // biome-ignore format: as it is typed
      ['--events-per-second', '1', '--viewers', '20', '--hours', '176', '--kafka', 'confluent', '--pollers', 'on-demand'],
    ],
    ['a-crowd', ['--events-per-second', '0.05', '--viewers', '10000', '--region', 'us-east-1']],
    [
      'too-much',
      ['--events-per-second', '100', '--viewers', '1000000', '--fan-out', '1000', '--shards', '16'],
    ],
  ])('for %s', async (name, args) => {
    const { code, stdout } = await run(...args)

    expect(code).toBe(0)
    await expect(stdout).toMatchFileSnapshot(`./fixtures/${name}.txt`)
  })
})

/**
 * Examples that were computed by hand before this model was written, in USD a month for 600-byte events in us-east-1. The
 * model has what they left out: logs, metrics, traces, alarms, endpoints, backups and the envelope of frames.
 */
describe('tidewire cost agrees with sums that were made by hand', () => {
  const us = ['--region', 'us-east-1', '--pollers', 'on-demand']
  const market = ['--events-per-second', '10', '--viewers', '1000', ...us]
  const office = ['--events-per-second', '1', '--viewers', '20', '--hours', '176', ...us]
  const crowd = ['--events-per-second', '0.05', '--viewers', '10000', ...us]
  const within = (share: number, expected: number, actual: number) =>
    expect(Math.abs(actual - expected) / expected, `${actual} instead of ${expected}`).toBeLessThanOrEqual(
      share,
    )

  test('of AppSync Events within 10 %', async () => {
    within(0.1, 27_700, (await report(...market)).appsync)
    within(0.1, 14, (await report(...office)).appsync)
    within(0.1, 1450, (await report(...crowd)).appsync)
  })

  test('of Centrifugo on two machines with MSK within 15 %', async () => {
    const { byKafka, machines } = await report(...market)
    expect(machines).toBe(2)
    within(0.15, 2200, byKafka.find(({ kafka }) => kafka === 'serverless')?.centrifugo ?? 0)
  })

  test('of 1 event/s for 20 viewers in office hours with MSK Serverless within 10 %', async () => {
    within(0.1, 622, (await report(...office)).total)
  })

  test('of the same with Confluent Basic within 20 %, without what watches the stage', async () => {
    const { lines } = await report(...office, '--kafka', 'confluent')
    const watching = ['X-Ray', 'CloudWatch', 'KMS']
    within(
      0.2,
      19,
      lines.filter(({ part }) => !watching.includes(part)).reduce((sum, { usd }) => sum + usd, 0),
    )
  })

  test('of a crowd of 10,000 viewers within 10 %', async () => {
    within(0.1, 2400, (await report(...crowd)).total)
  })

  test('of a market that is tuned to one frame a second for each viewer within 20 %', async () => {
    const { total, traffic } = await report(...market, '--window', '3000')
    expect(traffic.framesPerSecond).toBeCloseTo(1000, 0)
    within(0.2, 4500, total)
  })

  test('but a market that is not tuned costs more: by hand 2.9 events shared a frame, here each has its own', async () => {
    const { total, traffic, lines } = await report(...market, '--pollers', 'provisioned')
    expect(traffic.deliveries / traffic.frames).toBe(1)
    const frames = lines.find(({ what }) => what === 'frames, by 32 KB')?.usd ?? 0
    within(0.1, 11_200, total - frames + frames / 2.9)
  })
})

test('docs/cost.md shows what the command computes', async () => {
  const page = await readFile(new URL('../../docs/cost.md', import.meta.url), 'utf8')
  const [, table = ''] = /## Three examples\n[\s\S]*?\n\|-.*\n((?:\|.*\n)+)/.exec(page) ?? []
  const shown = table
    .trim()
    .split('\n')
    .map((row) =>
      row
        .split('|')
        .slice(2, -1)
        .map((cell) => cell.trim()),
    )
  const computed = await Promise.all(
    [
      ['--events-per-second', '10', '--viewers', '1000'],
      ['--events-per-second', '10', '--viewers', '1000', '--window', '3000'],
      ['--events-per-second', '1', '--viewers', '20', '--hours', '176'],
      ['--events-per-second', '0.05', '--viewers', '10000'],
    ].map(async (args) => {
      const { byKafka, appsync } = await report(...args, '--region', 'us-east-1')
      const [serverless] = byKafka
      const confluent = byKafka.find(({ kafka }) => kafka === 'confluent')
      const sums = [
        serverless?.provisioned,
        serverless?.onDemand,
        confluent?.onDemand,
        appsync,
        serverless?.centrifugo,
      ]
      return sums.map((usd) => Math.round(usd ?? 0).toLocaleString('en-US'))
    }),
  )

  expect(shown).toEqual(computed)
})

describe('tidewire cost counts what is there', () => {
  test('the topics of serverless.yml', async () => {
    const yaml = await readFile(new URL('../../serverless.yml', import.meta.url), 'utf8')
    const [, names = ''] = /\n {2}topics:\n(?:.*\n)*? {4}names:\n((?: {6}- .*\n)+)/.exec(yaml) ?? []

    expect(names.trim().split('\n')).toHaveLength(TOPICS)
  })

  test('the pollers, which share units within a VPC and have one each without', async () => {
    const unitsOf = async (kafka: string, shards: string) => {
      // biome-ignore format: as it is typed
      const { lines } = await report('--events-per-second', '1', '--viewers', '1', '--kafka', kafka, '--shards', shards)
      return lines.find(({ what }) => what.includes('event poller unit'))?.what
    }

    expect(await unitsOf('serverless', '1')).toBe('hours of 2 event poller units')
    expect(await unitsOf('serverless', '4')).toBe('hours of 5 event poller units')
    expect(await unitsOf('confluent', '1')).toBe('hours of 18 event poller units')
  })
})

describe('tidewire cost refuses', () => {
  test.each([
    [['--viewers', '1'], "required option '--events-per-second <n>'"],
    [['--events-per-second', '1', '--viewers', '5', '--fan-out', '6'], 'no event is heard by more'],
    [['--events-per-second', '1', '--viewers', '5', '--hours', '731'], 'A month has 730 hours.'],
    [['--events-per-second', '1', '--viewers', '5', '--kafka', 'kinesis'], 'Allowed choices are serverless'],
    [['--events-per-second', '1', '--viewers', '5', '--window', '-1'], 'Give a number from 0.'],
  ])('%j', async (args, message) => {
    const { code, stdout, stderr } = await run(...args)

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(message)
  })
})
