import { Command, InvalidArgumentError, Option } from 'commander'
import type { CliContext } from '../lib/cli-context.ts'
import { usageError } from '../lib/cli-error.ts'
import { parseCount, parsePositive } from '../lib/parse-number.ts'
import { reportCosts } from './cost-report.ts'
import { KAFKAS, type Kafka } from './estimate-stage.ts'
import { REGIONS, type Region } from './prices.ts'
import { showCosts } from './show-costs.ts'
import { MONTH_HOURS, POLLERS, type Pollers } from './traffic.ts'

type Options = {
  readonly eventsPerSecond: number
  readonly viewers: number
  readonly fanOut?: number | 'all'
  readonly hours: number
  readonly kafka: Kafka
  readonly pollers: Pollers
  readonly region: Region
  readonly kafkaCost: number
  readonly eventBytes: number
  readonly eventsPerPost: number
  readonly topics: number
  readonly viewParts: number
  readonly window: number
  readonly pingSeconds: number
  readonly shards: number
  readonly memory: number
  readonly json?: true
}

const DETAILS = `
A model, not a bill: list prices, and counts that are measured on a laptop or assumed (docs/cost.md). It needs no stack
and no account. --hours are those of a month in which events come and viewers look; what runs without them, such as the
cluster, is paid for the whole month. --kafka and --pollers choose what is shown line by line.

Examples:
  $ tidewire cost --events-per-second 10 --viewers 1000
  $ tidewire cost --events-per-second 1 --viewers 20 --hours 176 --kafka confluent --pollers on-demand
  $ tidewire cost --events-per-second 50 --viewers 20000 --fan-out 100 --shards 4 --json | jq .byKafka
`

/** `tidewire cost` */
export function createCostCommand(context: CliContext): Command {
  return new Command('cost')
    .summary('compute what a stage costs on AWS')
    .description('Computes what a stage costs in a month, and what AppSync Events and Centrifugo would.')
    .requiredOption('--events-per-second <n>', 'events per second, on average', parsePositive)
    .requiredOption('--viewers <n>', 'viewers connected at once', parseCount)
    .option('--fan-out <n>', 'viewers that hear an event, or all (default: all)', parseFanOut)
    .option('--hours <n>', 'hours of a month with events and viewers', parseHours, MONTH_HOURS)
    .addOption(new Option('--kafka <kind>', 'the Kafka to show').choices(KAFKAS).default('serverless'))
    .addOption(new Option('--pollers <kind>', 'the pollers to show').choices(POLLERS).default('provisioned'))
    .addOption(new Option('--region <region>', 'prices of a region').choices(REGIONS).default('eu-central-1'))
    .option('--kafka-cost <usd>', 'what a given Kafka costs in a month', parseFromZero, 0)
    .option('--event-bytes <n>', 'size of an event as JSON', parseCount, 600)
    .option('--events-per-post <n>', 'events in a request to POST /events', parseCount, 1)
    .option('--topics <n>', 'topics that the events are spread over', parseCount, 1)
    .option('--view-parts <n>', 'parts of views that an event changes', parseCount, 1)
    .option('--window <ms>', 'how long the trigger collects records', parseFromZero, 0)
    .option('--ping-seconds <n>', 'seconds between pings of an idle viewer', parsePositive, 330)
    .option('--shards <n>', 'shards of the connections', parseCount, 1)
    .option('--memory <mb>', 'memory of deliver and fold', parseCount, 1769)
    .option('--json', 'print one JSON object')
    .addHelpText('after', DETAILS)
    .action((options: Options) => computeCosts(options, context))
}

function computeCosts(options: Options, context: CliContext): void {
  const { viewers, fanOut = 'all', topics, window, kafka, pollers, region, kafkaCost } = options
  const heardBy = fanOut === 'all' ? viewers : fanOut
  if (heardBy > viewers)
    throw usageError(`--fan-out ${heardBy} is more than the ${viewers} viewers; no event is heard by more`)
  const workload = {
    eventsPerSecond: options.eventsPerSecond,
    viewers,
    fanOut: heardBy,
    hours: options.hours,
    eventBytes: options.eventBytes,
    eventsPerPost: options.eventsPerPost,
    activeTopics: topics,
    viewParts: options.viewParts,
    windowMs: window,
    pingSeconds: options.pingSeconds,
    shards: options.shards,
    memory: options.memory,
  }
  const report = reportCosts(workload, { kafka, pollers, region, kafkaCost })
  if (options.json) context.stdout.write(`${JSON.stringify(report)}\n`)
  else showCosts(report, context)
}

function parseFanOut(text: string): number | 'all' {
  return text === 'all' ? 'all' : parsePositive(text)
}

function parseHours(text: string): number {
  const hours = parsePositive(text)
  if (hours > MONTH_HOURS) throw new InvalidArgumentError(`A month has ${MONTH_HOURS} hours.`)
  return hours
}

function parseFromZero(text: string): number {
  const number = Number(text)
  if (text.trim() === '' || !Number.isFinite(number) || number < 0)
    throw new InvalidArgumentError('Give a number from 0.')
  return number
}
