import type { CliContext } from '../lib/cli-context.ts'
import { countOf, formatCount } from '../lib/printable.ts'
import { type Column, showTable } from '../lib/show-table.ts'
import type { BreakEven } from './alternatives.ts'
import type { CostReport, KafkaSums } from './cost-report.ts'
import { type CostLine, KAFKA_TITLES } from './estimate-stage.ts'
import { MONTH_HOURS } from './traffic.ts'

/** USD without cents, unless it is little. */
const usd = (amount: number) => (amount < 10 ? amount.toFixed(2) : formatCount(Math.round(amount)))
const amountOf = (amount: number) =>
  amount < 100 ? String(Number(amount.toPrecision(3))) : formatCount(Math.round(amount))

const BY_KAFKA: readonly Column<KafkaSums>[] = [
  { title: 'KAFKA', text: ({ title }) => title },
  { title: 'PROVISIONED POLLERS', text: ({ provisioned }) => usd(provisioned), align: 'right' },
  { title: 'ON-DEMAND POLLERS', text: ({ onDemand }) => usd(onDemand), align: 'right' },
  { title: 'CENTRIFUGO WITH IT', text: ({ centrifugo }) => usd(centrifugo), align: 'right' },
]
const BY_LINE: readonly Column<CostLine>[] = [
  { title: 'PART', text: ({ part }) => part },
  { title: 'WHAT', text: ({ what }) => what },
  { title: 'AMOUNT', text: ({ amount }) => amountOf(amount), align: 'right' },
  { title: 'USD', text: (line) => usd(line.usd), align: 'right' },
]

/** Prints a report for people. */
export function showCosts(report: CostReport, context: Pick<CliContext, 'stdout' | 'env'>): void {
  const { workload, stage, traffic, lines, total, appsync, machines } = report
  const say = (text: string) => context.stdout.write(`${text}\n`)
  const { eventsPerSecond, viewers, fanOut, hours } = workload
  say(
    `${amountOf(eventsPerSecond)} events/s, each heard by ${amountOf(fanOut)} of ${countOf(viewers, 'viewer')}, ${amountOf(hours)} of the ${MONTH_HOURS} hours of a month, in ${stage.region}`,
  )
  say(`USD a month, by list prices as known in ${report.pricesKnownIn}: recheck them (docs/cost.md)\n`)
  showTable(BY_KAFKA, report.byKafka, context)
  say(`\nAppSync Events, without Kafka, history and replay: ${usd(appsync)}`)
  say(`Centrifugo runs on ${machines} machines that you operate.\n`)
  say(`${KAFKA_TITLES[stage.kafka]}, ${stage.pollers} pollers: ${usd(total)}`)
  showTable(
    BY_LINE,
    [...lines].filter((line) => line.usd >= 0.005).sort((a, b) => b.usd - a.usd),
    context,
  )
  say(
    `\n${amountOf(traffic.framesPerSecond)} frames/s with ${amountOf(traffic.frames === 0 ? 0 : traffic.deliveries / traffic.frames)} events each`,
  )
  say(verdict(report))
  for (const warning of report.warnings) say(`! ${warning}`)
}

function verdict({ total, appsync, byKafka, stage, breakEvens }: CostReport): string {
  const centrifugo = byKafka.find(({ kafka }) => kafka === stage.kafka)?.centrifugo ?? 0
  return [
    compare('AppSync Events', appsync, total, breakEvens.appsync),
    compare('Centrifugo with the same Kafka', centrifugo, total, breakEvens.centrifugo),
  ].join('\n')
}

function compare(name: string, other: number, total: number, points: readonly BreakEven[]): string {
  const times = (Math.max(other, total) / Math.max(0.01, Math.min(other, total))).toFixed(1)
  const now = other < total ? `${times} times cheaper` : `${times} times dearer`
  const turns = points.map(
    ({ eventsPerSecond, isCheaperAbove }) =>
      `${isCheaperAbove ? 'dearer' : 'cheaper'} from ${amountOf(eventsPerSecond)} events/s on`,
  )
  return `${name}: ${now} than Tidewire; ${turns.length === 0 ? 'so at every rate of events' : turns.join(', ')}`
}
