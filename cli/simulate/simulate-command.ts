import { Command, Option } from 'commander'
import type { CliContext } from '../cli-context.ts'
import { readConnection } from '../connection-options.ts'
import { parseCount, parsePositive } from '../parse-number.ts'
import { countOf, formatCount } from '../printable.ts'
import { runSimulation, type SimulationReport } from './run-simulation.ts'
import {
  parseBegin,
  parseRate,
  parseSeed,
  readSimulationJob,
  type SimulateOptions,
} from './simulate-options.ts'

const DETAILS = `
The same seed and --begin give the same events, with the same ids and times; so a run that was broken off can be
repeated, and what is stored already is not stored again for 7 days. Without --begin the simulation begins now, every
event has the time it is sent at, and every run is a new one. A domain's events are the same alone and in "all".

--replay sends a data set of vega-datasets with its own times instead, 10 events a second where no --rate is given:
  sp500, sp500-daily   of market: the S&P 500 from 2000 on, month by month (123 ticks) and day by day with volumes
  seattle              of sensors: the coldest and the warmest hour of each day, 2012 to 2015
Their ids are always the same: replayed again within 7 days, they add nothing.

While the stack is down the simulation waits, and goes on from there. Ctrl-C ends it.

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
    .argument('<domain>', 'port, blog, market, sensors (what the catalog has), or all')
    .addOption(
      new Option(
        '--rate <rate>',
        'events a second such as 8, a speed such as 10x, or max (default: 1x)',
      ).argParser(parseRate),
    )
    .option('--seed <number>', 'what the random numbers are made of', parseSeed, 1)
    .addOption(
      new Option('--begin <time>', 'simulated time of the beginning (default: now)')
        .argParser(parseBegin)
        .conflicts('replay'),
    )
    .option('--count <number>', 'stop after so many events', parseCount)
    .option('--duration <seconds>', 'stop after so many seconds', parsePositive)
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
  // Only this command needs the domains, and reading them takes longer than most commands take.
  const { domains } = await import('#shared/domain/catalog.ts')
  const job = readSimulationJob(domain, options, domains)
  const connection = readConnection(command)
  context.stderr.write(
    `${options.replay ? 'replaying' : 'simulating'} ${job.names.join(', ')}; Ctrl-C ends\n`,
  )
  const report = await runSimulation(job, connection, context)
  const { seed } = options
  context.stdout.write(`${options.json ? JSON.stringify({ ...report, seed }) : summarize(report)}\n`)
  if (report.refused > 0) context.setExitCode(1)
}

/** `published 1,204 simulated events of 4 domains in 60.0 s (20/s, 0 refused)`. */
function summarize({ published, refused, seconds, domains }: SimulationReport): string {
  const what = `${countOf(published, 'simulated event')} of ${countOf(Object.keys(domains).length, 'domain')}`
  const pace = formatCount(Math.round(published / Math.max(0.001, seconds)))
  return `published ${what} in ${seconds.toFixed(1)} s (${pace}/s, ${formatCount(refused)} refused)`
}
