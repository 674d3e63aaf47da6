import { mkdir, writeFile } from 'node:fs/promises'
import { availableParallelism, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { benchAccept } from './bench-accept.ts'
import { benchDashboard } from './bench-dashboard.ts'
import { benchFeedSoak } from './bench-feed-soak.ts'
import { benchFolds } from './bench-folds.ts'
import { benchLatency } from './bench-latency.ts'
import { benchMatching } from './bench-matching.ts'
import { printRows, type Rows } from './measure.ts'

/** `npm run bench`. Timings are printed and saved, never asserted: they depend on the machine as much as on the code. */
const HELP = `Measures throughput, latency and the dashboard on this machine.

  npm run bench                     all of it, as tables
  npm run bench -- --only accept    matching, accept, latency, folds, dashboard or feed-soak
  npm run bench -- --only dashboard --seconds 120    this long at 1,000 events per second
  npm run bench -- --json           one JSON object instead
  npm run bench -- --save           also writes bench/results/<name>.json

feed-soak, eight hours of events through the feed, takes minutes and runs only when it is named.
`

const BENCHMARKS = {
  matching: benchMatching,
  accept: benchAccept,
  latency: benchLatency,
  folds: benchFolds,
  dashboard: () => benchDashboard(Number(values.seconds ?? 20)),
  'feed-soak': benchFeedSoak,
} as const
type Name = keyof typeof BENCHMARKS
const ON_DEMAND: readonly Name[] = ['feed-soak']

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    seconds: { type: 'string' },
    json: { type: 'boolean' },
    save: { type: 'boolean' },
    help: { type: 'boolean' },
  },
})

function isName(text: string): text is Name {
  return Object.hasOwn(BENCHMARKS, text)
}

function chosen(): Name[] {
  const { only } = values
  if (only === undefined)
    return Object.keys(BENCHMARKS)
      .filter(isName)
      .filter((name) => !ON_DEMAND.includes(name))
  if (isName(only)) return [only]
  process.stderr.write(`There is no benchmark ${only}.\n\n${HELP}`)
  return process.exit(1)
}

async function main(): Promise<void> {
  const machine = {
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / 2 ** 30),
    node: process.version,
  }
  const results: Partial<Record<Name, Rows>> = {}
  for (const name of chosen()) {
    const rows = await BENCHMARKS[name]()
    results[name] = rows
    if (!values.json) printRows(name, rows)
    if (values.save) await save(name, { machine, results: rows })
  }
  if (values.json) process.stdout.write(`${JSON.stringify({ machine, ...results })}\n`)
}

async function save(name: Name, result: unknown): Promise<void> {
  const folder = new URL('./results/', import.meta.url)
  await mkdir(folder, { recursive: true })
  await writeFile(new URL(`${name}.json`, folder), `${JSON.stringify(result, null, 2)}\n`)
}

if (values.help) process.stdout.write(HELP)
else await main()
process.exit() // the AWS SDK and kafkajs keep sockets open for a while
