import { Command, InvalidArgumentError, Option } from 'commander'
import type { Domain } from '#shared/domain/define-domain.ts'
import type { CliContext } from '../lib/cli-context.ts'
import { usageError } from '../lib/cli-error.ts'
import { readConnection } from '../lib/connection.ts'
import { parseCount, parsePositive } from '../lib/parse-number.ts'
import { toRfc3339 } from '../lib/parse-time.ts'
import { countOf, formatCount } from '../lib/printable.ts'
import { DATA_SETS, readDataSet, simulateDomains } from './event-sources.ts'
import { type Rate, runSimulation, type SimulationJob, type SimulationReport } from './run-simulation.ts'

/** The options of `tidewire simulate` as commander reads them. */
type SimulateOptions = {
  readonly rate?: Rate
  readonly seed: number
  readonly begin?: number
  readonly count?: number
  readonly duration?: number
  readonly replay?: string
  readonly json?: true
}

/** At their own pace, the rows of a data set would be a day or a month apart. */
const REPLAY_RATE: Rate = { kind: 'per second', value: 10 }
const OWN_PACE: Rate = { kind: 'times', value: 1 }

const DETAILS = `
The same seed and --begin give the same events, with the same ids and times, so that an interrupted run can be
repeated: what the log has already (7 days by default) is not stored again. Without --begin the simulation begins now,
every event has the time at which it is sent, and every run is a new one. A domain's events are the same alone and in
"all".

--replay sends a data set of vega-datasets with its own times instead, 10 events per second if no --rate is given:
  sp500, sp500-daily   of market: the S&P 500 from 2000 on, month by month (123 ticks) and day by day with volumes
  seattle              of sensors: the coldest and the warmest hour of each day, 2012 to 2015
Their ids are always the same, so a second replay adds nothing while the log keeps the first (7 days by default).

While the stack is down the simulation waits, and continues from there. Ctrl-C ends it.

Examples:
  $ tidewire simulate all
  $ tidewire simulate port --rate 20 --duration 60
  $ tidewire simulate sensors --rate 10x --seed 7
  $ tidewire simulate sensors --begin 2026-03-01 --count 100000 --rate max
  $ tidewire simulate market --replay sp500 --rate 5
`

/** `tidewire simulate <domain|all>` */
export function createSimulateCommand(context: CliContext): Command {
  return new Command('simulate')
    .summary('simulate ports, posts, markets and sensors')
    .description('Publishes the events of a simulated domain, or of all of them, until it is stopped.')
    .argument('<domain>', 'port, blog, market, sensors (the domains of the catalog), or all')
    .addOption(
      new Option(
        '--rate <rate>',
        'events per second such as 8, a speed such as 10x, or max (default: 1x)',
      ).argParser(parseRate),
    )
    .option('--seed <number>', 'seed of the random numbers', parseSeed, 1)
    .addOption(
      new Option('--begin <time>', 'simulated time of the beginning (default: now)')
        .argParser(parseBegin)
        .conflicts('replay'),
    )
    .option('--count <n>', 'stop after n events', parseCount)
    .option('--duration <seconds>', 'stop after this time', parsePositive)
    .option('--replay <data set>', 'replay sp500, sp500-daily or seattle')
    .option('--json', 'print the summary as one JSON object with counts per domain, topic and partition')
    .addHelpText('after', DETAILS)
    .action((domain: string, options: SimulateOptions, command: Command) =>
      simulate(domain, options, command, context),
    )
}

async function simulate(
  domain: string,
  options: SimulateOptions,
  command: Command,
  context: CliContext,
): Promise<void> {
  // Only this command needs the domains, and loading them takes longer than most commands.
  const { domains } = await import('#shared/domain/catalog.ts')
  const job = readSimulationJob(domain, options, { domains, now: context.clock.now() })
  const connection = readConnection(command, context, { actsForOthers: true })
  context.stderr.write(
    `${options.replay ? 'replaying' : 'simulating'} ${job.names.join(', ')}; Ctrl-C ends\n`,
  )
  const report = await runSimulation(job, connection, context)
  const { seed } = options
  context.stdout.write(`${options.json ? JSON.stringify({ ...report, seed }) : summarize(report)}\n`)
  if (report.refused > 0) context.setExitCode(1)
}

/** The summary: `published 1,204 simulated events of 4 domains in 60.0 s (20/s, 0 refused)`. */
function summarize({ published, refused, seconds, domains }: SimulationReport): string {
  const what = `${countOf(published, 'simulated event')} of ${countOf(Object.keys(domains).length, 'domain')}`
  const pace = formatCount(Math.round(published / Math.max(0.001, seconds)))
  return `published ${what} in ${seconds.toFixed(1)} s (${pace}/s, ${formatCount(refused)} refused)`
}

/** Returns the rate of `8` (events per second), `10x` (times faster than real) or `max`. */
function parseRate(text: string): Rate {
  if (text === 'max') return { kind: 'max' }
  const [, number = '', times = ''] = /^(\d+(?:\.\d+)?|\.\d+)(x?)$/.exec(text) ?? []
  const value = Number(number)
  if (!(value > 0))
    throw new InvalidArgumentError('Give events per second such as 8, a speed such as 10x, or max.')
  return { kind: times === 'x' ? 'times' : 'per second', value }
}

/** Returns a seed: any whole number from 0. */
function parseSeed(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('Give a whole number of at most 15 digits.')
  return Number(text)
}

/** Returns the time of the beginning, in milliseconds since 1970. */
function parseBegin(text: string): number {
  const time = toRfc3339(text)
  if (time === null) throw new InvalidArgumentError('Give a time such as 2026-01-31T06:00:00Z, or a date.')
  return Date.parse(time)
}

/** Returns the job of the options. Throws a usage error on an unknown domain, or a data set of another domain. */
function readSimulationJob(
  name: string,
  options: SimulateOptions,
  { domains, now }: { readonly domains: readonly Domain[]; readonly now: number },
): SimulationJob & { readonly names: readonly string[] } {
  const chosen = chooseDomains(name, domains)
  const { seed, count, replay } = options
  const durationMs = options.duration === undefined ? undefined : options.duration * 1000
  if (replay !== undefined)
    return {
      names: [replay],
      events: readDataSet(replay, chooseDataSet(name, replay)),
      // With 0 as the beginning, each event keeps its own time.
      begin: 0,
      isDated: true,
      rate: options.rate ?? REPLAY_RATE,
      count,
      durationMs,
    }
  const begin = options.begin ?? now
  return {
    names: chosen.map((domain) => domain.name),
    events: simulateDomains(chosen, { seed, begin }),
    begin,
    isDated: options.begin !== undefined,
    rate: options.rate ?? OWN_PACE,
    count,
    durationMs,
  }
}

function chooseDomains(name: string, domains: readonly Domain[]): readonly Domain[] {
  const simulated = domains.filter(({ simulate }) => simulate !== undefined)
  const chosen = name === 'all' ? simulated : simulated.filter((domain) => domain.name === name)
  if (chosen.length > 0) return chosen
  const names = [...simulated.map((domain) => domain.name), 'all'].join(', ')
  throw usageError(`there is no simulator for ${JSON.stringify(name)}; there are: ${names}`)
}

function chooseDataSet(name: string, replay: string) {
  const set = Object.hasOwn(DATA_SETS, replay) ? DATA_SETS[replay] : undefined
  const names = Object.keys(DATA_SETS).join(', ')
  if (set === undefined)
    throw usageError(`there is no data set ${JSON.stringify(replay)}; there are: ${names}`)
  if (set.domain !== name)
    throw usageError(`${replay} belongs to ${set.domain}: tidewire simulate ${set.domain} --replay ${replay}`)
  return set
}
