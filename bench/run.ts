import { execFileSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os'
import { benchAge } from './age/bench-age.ts'
import { benchOldCursors } from './age/bench-old-cursors.ts'
import { benchRestart } from './age/bench-restart.ts'
import { benchSleep } from './age/bench-sleep.ts'
import { benchAccept } from './bench-accept.ts'
import { benchBundles } from './bench-bundles.ts'
import { benchCalls } from './bench-calls.ts'
import { benchCapacity } from './bench-capacity.ts'
import { benchDashboard } from './bench-dashboard.ts'
import { benchFeedSoak } from './bench-feed-soak.ts'
import { benchFolds } from './bench-folds.ts'
import { benchGrowth } from './bench-growth.ts'
import { benchIdle } from './bench-idle.ts'
import { benchIndex } from './bench-index.ts'
import { benchLatency } from './bench-latency.ts'
import { benchMatching } from './bench-matching.ts'
import { benchPosts } from './bench-posts.ts'
import { benchProfile } from './bench-profile.ts'
import { benchReconnect } from './bench-reconnect.ts'
import { benchScale } from './bench-scale.ts'
import { benchSoak } from './bench-soak.ts'
import { benchTables } from './bench-tables.ts'
import { benchUnits } from './bench-units.ts'
import { benchFloods } from './floods/bench-floods.ts'
import { type Outcome, printRows, type Rows } from './measure/measure.ts'
import { type BenchOptions, readOptions } from './options.ts'
import { benchPoison } from './poison/bench-poison.ts'
import { writeReport } from './report/write-report.ts'

/** `npm run bench`. Timings are printed and saved, never asserted: they depend on the machine as much as on the code. */
const HELP = `Measures throughput, latency and the dashboard on this machine.

  npm run bench                          all of it in about a quarter of an hour
  npm run bench -- --only latency        one of the benchmarks below
  npm run bench -- --seconds 20          longer: seconds of load, also --rounds 5, --minutes 30
  npm run bench -- --rates 5,100         these events per second, also --viewers 100,1000
  npm run bench -- --only age --retention 5m --minutes 60 --sleep 600    a week in an hour
  npm run bench -- --only restart --gigabytes 20     killed with a log of that size, or with --data FOLDER
  npm run bench -- --only sleep --sleep 600          sleep and clocks that jump, with faketime (apt install faketime)
  npm run bench -- --only floods --seconds 5 --rounds 1    what others notice of one principal that floods
  npm run bench -- --only scale    the sharded fan-out in virtual time, for 100 to 10 million connections
  npm run bench -- --only poison --rounds 4    10,000 events with 1 % poison against a clean run
  npm run bench -- --systems tidewire,classic    these of tidewire, classic, bare and centrifugo
  npm run bench -- --stack before=../other       another checkout of Tidewire as a further system
  npm run bench -- --apache-kafka        on Apache Kafka instead of the embedded broker
  npm run bench -- --given-ids           single events with ids of their producer, which cost a claim
  npm run bench -- --json                one JSON object instead of lines
  npm run bench -- --save                also writes bench/results/<name>.json
  npm run bench -- --report              writes docs/performance.md and its charts from what was saved

CENTRIFUGO=path names the binary of Centrifugo 6, which is left out otherwise.
A benchmark that lost, repeated or disordered an event says so and the command exits with 1.

`

type Benchmark = (options: BenchOptions) => Promise<Rows | Outcome>
const BENCHMARKS: Readonly<Record<string, Benchmark>> = {
  matching: benchMatching,
  index: benchIndex,
  accept: benchAccept,
  posts: benchPosts,
  calls: benchCalls,
  tables: benchTables,
  bundles: benchBundles,
  latency: benchLatency,
  capacity: benchCapacity,
  units: benchUnits,
  growth: benchGrowth,
  'old-cursors': benchOldCursors,
  reconnect: benchReconnect,
  idle: benchIdle,
  folds: ({ seconds }) => benchFolds(seconds ?? undefined),
  profile: benchProfile,
  soak: benchSoak,
  age: benchAge,
  restart: benchRestart,
  sleep: benchSleep,
  floods: benchFloods,
  poison: benchPoison,
  dashboard: ({ seconds }) => benchDashboard(seconds ?? 20),
  'feed-soak': benchFeedSoak,
  scale: benchScale,
}
/** These take long, and run only when they are named. */
const ON_DEMAND: readonly string[] = [
  'old-cursors',
  'profile',
  'soak',
  'age',
  'restart',
  'sleep',
  'floods',
  'poison',
  'feed-soak',
  'scale',
]

const NAMES = `Benchmarks: ${Object.keys(BENCHMARKS).join(', ')}.
Only when named: ${ON_DEMAND.join(', ')}.
`

function chosen(only: string | undefined): string[] {
  const names = Object.keys(BENCHMARKS)
  if (only === undefined) return names.filter((name) => !ON_DEMAND.includes(name))
  const unknown = only.split(',').find((name) => !names.includes(name))
  if (unknown !== undefined) throw new Error(`there is no benchmark ${unknown}`)
  return only.split(',')
}

async function main(): Promise<void> {
  const { options, flags } = readOptions(process.argv.slice(2), process.env)
  if (flags.help) {
    process.stdout.write(`${HELP}${NAMES}`)
    return
  }
  if (flags.report) return writeReport()
  const machine = machineOf()
  const all: Record<string, Rows> = {}
  for (const name of chosen(flags.only)) {
    const { rows, faults } = await run(name, options)
    all[name] = rows
    if (!flags.json) printRows(name, rows)
    for (const fault of faults) process.stderr.write(`FAULT in ${name}: ${fault}\n`)
    if (faults.length > 0) process.exitCode = 1
    const file = options.isApache ? `${name}-apache-kafka` : name
    if (flags.save)
      await save(file, { machine, at: new Date().toISOString(), command: commandOf(), faults, results: rows })
  }
  if (flags.json) process.stdout.write(`${JSON.stringify({ machine, ...all })}\n`)
}

async function run(name: string, options: BenchOptions): Promise<Outcome> {
  const result = await BENCHMARKS[name]?.(options)
  if (result === undefined) return { rows: [], faults: [] }
  return 'rows' in result ? result : { rows: result, faults: [] }
}

function machineOf() {
  return {
    cores: availableParallelism(),
    cpu: cpus()[0]?.model ?? 'unknown',
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${release()}`,
    node: process.version,
    commit: execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim(),
    loadBefore: loadavg()[0] ?? 0,
  }
}

function commandOf(): string {
  return ['npm run bench --', ...process.argv.slice(2)].join(' ')
}

async function save(name: string, result: unknown): Promise<void> {
  const folder = new URL('./results/', import.meta.url)
  await mkdir(folder, { recursive: true })
  await writeFile(new URL(`${name}.json`, folder), `${JSON.stringify(result, null, 2)}\n`)
}

await main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${NAMES}`)
  process.exitCode = 1
})
process.exit() // the AWS SDK and kafkajs keep sockets open for a while
