import { setTimeout as sleep } from 'node:timers/promises'
import { startStack, type TestStack } from '../../tests/support/start-stack.ts'
import type { Tally } from '../crowd/crowd.ts'
import { type Disturbance, killStack, standStill, startDisturbances } from '../crowd/disturbances.ts'
import { type CrowdProcess, faultsOfTally, startCrowd } from '../crowd/start-crowd.ts'
import { countItems, countParts, footprintOf } from '../measure/footprint.ts'
import { type Outcome, type Row, round } from '../measure/measure.ts'
import { treeDescriptors, treeMegabytes, treeThreads } from '../measure/processes.ts'
import { trendOf } from '../measure/trend.ts'
import type { BenchOptions } from '../options.ts'
import { type Probe, startProbe } from '../profile/start-probe.ts'

const MINUTES = 60
/** What is kept for longer than the log by default would still grow after an hour. */
const RETENTION = '5m,port/cases=10m,market/candle-history=10m,blog/posts=10m'
const RATE = 60
const VIEWERS = 60
const STALL_MS = 12_000
const PATIENCE_MS = 30_000
/** Samples in all, and the shortest time between two. */
const SAMPLES = 120
const SAMPLE_EVERY_MS = 5000
/** Heaps after a collection and items of the tables cost more than they should at every sample. */
const RARELY = 5
/** What is flat is so over this last part of the time, without what is needed to fill the log again after a disturbance. */
const LAST = 0.5

/**
 * A week in an hour: a stack whose log is kept for minutes, 60 events per second of all domains, viewers that come and
 * go (some with cursors that are older than the log), and a reader of everything. In the first half the stack is killed
 * twice, stalls and, with `--sleep`, sleeps. Counts exactly what was lost, repeated or out of order, and tells for every
 * series of samples how much it changes over the last half, or from when the log is full again.
 */
export async function benchAge(options: BenchOptions): Promise<Outcome> {
  const minutes = options.minutes ?? MINUTES
  const retention = options.retention ?? RETENTION
  const rate = options.rates?.[0] ?? RATE
  const viewers = options.viewers?.[0] ?? VIEWERS
  const probe = await startProbe()
  const folder = options.stacks[0]?.folder ?? '.'
  const stack = await startStack({ cwd: folder, env: { ...probe.env, RETENTION: retention } })
  const { httpUrl, socketUrl } = stack
  const retentionMs = millisecondsOf(retention)
  const crowd = startCrowd({ httpUrl, socketUrl, viewers, retentionMs, isNatural: true })
  try {
    await crowd.open()
    await crowd.write(rate)
    await crowd.read()
    await crowd.churn()
    const totalMs = minutes * 60_000
    const disturbing = startDisturbances(disturbancesOf(stack, crowd, options.sleep), { crowd, totalMs })
    const samples = await sample({ stack, crowd, probe, happened: disturbing.take }, totalMs)
    await disturbing.stop()
    await crowd.rest()
    await crowd.settle(PATIENCE_MS)
    const tally = await crowd.tally()
    const summary = { what: 'all of it', minutes, retention, 'events per second': rate, viewers }
    return {
      rows: [
        { ...summary, ...rowOf(tally) },
        ...trendsOf(samples, settledFrom(samples, retentionMs)),
        ...samples,
      ],
      faults: faultsOfTally('age', tally),
    }
  } finally {
    await crowd.stop()
    await stack.dispose()
    await probe.stop()
  }
}

function disturbancesOf(stack: TestStack, crowd: CrowdProcess, seconds: number | null): Disturbance[] {
  const kill = async () => {
    process.stderr.write(`age: killed, and healthy after ${Math.round(await killStack(stack))} ms\n`)
  }
  const asleep: Disturbance[] =
    seconds === null
      ? []
      : [
          {
            at: 0.28,
            name: `all of it slept ${seconds} s`,
            run: () => standStill([crowd.pid, stack.pid()], seconds * 1000),
          },
        ]
  return [
    { at: 0.08, name: 'kill -9', run: kill },
    { at: 0.16, name: 'kill -9', run: kill },
    {
      at: 0.24,
      name: `the stack stalled ${STALL_MS / 1000} s`,
      run: () => standStill([stack.pid()], STALL_MS),
    },
    ...asleep,
  ]
}

type Sampled = {
  readonly stack: TestStack
  readonly crowd: CrowdProcess
  readonly probe: Probe
  readonly happened: () => string[]
}

async function sample({ stack, crowd, probe, happened }: Sampled, totalMs: number): Promise<Row[]> {
  const rows: Row[] = []
  const every = Math.max(SAMPLE_EVERY_MS, totalMs / SAMPLES)
  const begin = performance.now()
  while (performance.now() - begin < totalMs) {
    await sleep(every - ((performance.now() - begin) % every))
    const { times, live } = await crowd.sample()
    const { megabytes, segments } = await footprintOf(stack.env.TIDEWIRE_DATA ?? '')
    const minute = round((performance.now() - begin) / 60_000)
    const row: Row = {
      minute,
      ...columns(megabytes, (part) => `disk of ${part} MB`),
      'segments of Kafka': segments,
      'resident MB': round(await treeMegabytes(stack.pid())),
      descriptors: await treeDescriptors(stack.pid()),
      threads: await treeThreads(stack.pid()),
      'viewers live': live,
      ...Object.fromEntries(
        Object.entries(times).flatMap(([kind, { p50, p99 }]) => [
          [`${kind} p50 ms`, round(p50)],
          [`${kind} p99 ms`, round(p99)],
        ]),
      ),
      ...(rows.length % RARELY === 0 ? await rarely(stack, probe) : {}),
      happened: happened().join(', '),
    }
    rows.push(row)
    process.stderr.write(`age: ${JSON.stringify(row)}\n`)
  }
  return rows
}

/** Heaps after a collection, and the items of the tables; nothing while the stack is down. */
async function rarely(stack: TestStack, probe: Probe): Promise<Row> {
  const heaps = (await probe.ask('heap')).flatMap(({ threads }) => threads.map(({ bytes = 0 }) => bytes))
  const endpoint = `http://127.0.0.1:${stack.ports.DYNAMODB_PORT}`
  const items = await countItems(endpoint).catch(() => new Map())
  const parts = await countParts(endpoint).catch(() => new Map())
  return {
    'heap MB': round(heaps.reduce((sum, bytes) => sum + bytes, 0) / 1e6),
    ...columns(items, (table) => `items of ${table.split('-').slice(2).join('-')}`),
    ...columns(parts, (view) => `parts of ${view}`),
  }
}

function columns(values: ReadonlyMap<string, number>, nameOf: (key: string) => string): Row {
  return Object.fromEntries([...values].map(([key, value]) => [nameOf(key), round(value)]))
}

/** From which minute on nothing is left of a disturbance: the log and its grace are full again. */
function settledFrom(samples: readonly Row[], retentionMs: number): number {
  const minutes = samples.map(({ minute }) => Number(minute))
  const last = samples.findLast(({ happened }) => happened !== '')?.minute ?? 0
  return Math.max((1 - LAST) * Math.max(...minutes), Number(last) + (2 * retentionMs) / 60_000 + 1)
}

/** One row for each series of the samples: its average from a minute on, and how much it changes there. */
function trendsOf(samples: readonly Row[], fromMinute: number): Row[] {
  const names = [...new Set(samples.flatMap((row) => Object.keys(row)))]
  return names.flatMap((series) => {
    if (series === 'minute' || series === 'happened') return []
    const points = samples.flatMap((row) =>
      row[series] === undefined ? [] : [[Number(row.minute), Number(row[series])] as const],
    )
    const trend = trendOf(points.filter(([minute]) => minute >= fromMinute))
    if (trend === null) return []
    const { mean, slope, change } = trend
    return [
      {
        series,
        'from minute': round(fromMinute),
        average: round(mean),
        'change an hour': round(slope * 60),
        'change till the end %': round(100 * change),
      },
    ]
  })
}

function rowOf({ errors, failedReads, failedWhileDisturbed, ...counts }: Tally): Row {
  return {
    ...counts,
    'failed reads': JSON.stringify(failedReads),
    'failed reads while disturbed': JSON.stringify(failedWhileDisturbed),
    'errors of clients': JSON.stringify(errors),
  }
}

/** The default of a retention: `5m` of `5m,port/cases=1h`. Throws an error if there is none. */
function millisecondsOf(retention: string): number {
  const [, number, unit = ''] = /^(\d+)([smhd])(?:,|$)/.exec(retention) ?? []
  const seconds = { s: 1, m: 60, h: 3600, d: 86_400 }[unit]
  if (seconds === undefined) throw new Error(`--retention ${retention} does not begin with a time such as 5m`)
  return Number(number) * seconds * 1000
}
