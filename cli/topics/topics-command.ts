import { Command, InvalidArgumentError } from 'commander'
import type { GroupState, Streams, TopicDescription, TopicState } from '#shared/core/streams.ts'
import { callApi } from '../lib/call-api.ts'
import type { CliContext } from '../lib/cli-context.ts'
import { usageError } from '../lib/cli-error.ts'
import { type Connection, readConnection } from '../lib/connection.ts'
import { parseCount } from '../lib/parse-number.ts'
import { parseTimeOption } from '../lib/parse-time.ts'
import { countOf, formatCount, printable } from '../lib/printable.ts'
import { type Column, showTable } from '../lib/show-table.ts'
import { type RecordsJob, showRecords } from './show-records.ts'

type Options = Omit<RecordsJob, 'topic' | 'partition'> & {
  readonly groups?: true
  readonly partition?: number
}

const DETAILS = `
Without a topic it lists all topics, or with --groups the consumer groups with their lag. With a topic it shows its
partitions, the groups that read it, and the settings that it has of its own. With a partition it prints records,
oldest first: the newest ones, or those from --offset, --time or --last on. A record that no consumer can use is
marked with "!" and the reason. No consumer group is involved: nothing is committed. Records take the role admin,
the rest operator.

Examples:
  $ tidewire topics
  $ tidewire topics --groups
  $ tidewire topics container-events
  $ tidewire topics container-events --partition 0 --offset 12 --limit 5
  $ tidewire topics container-events --partition 0 --time 2026-05-17T08:00:00Z --field data.containerId=BOX-1
  $ tidewire topics container-events --partition 0 --follow --json | jq .event
`

/** The options that need a partition. */
const OF_RECORDS = ['offset', 'time', 'last', 'limit', 'search', 'field', 'follow'] as const

/** `tidewire topics`, `tidewire topics <topic>`, and its records with `--partition`. */
export function createTopicsCommand(context: CliContext): Command {
  return new Command('topics')
    .summary('look at topics, consumer groups and records')
    .description('Shows what Kafka has: topics with their offsets, consumer groups with their lag, records.')
    .argument('[topic]', 'a topic')
    .option('--groups', 'list the consumer groups instead of the topics')
    .option('--partition <n>', 'print the records of this partition', parseOffset)
    .option('--offset <n>', 'begin at this offset', parseOffset)
    .option('--time <time>', 'begin at the first record that is not older', parseTimeOption)
    .option('--last <n>', 'begin so many records before the end', parseCount)
    .option('--limit <n>', 'the maximum number of records (default: 20; unlimited with --follow)', parseCount)
    .option('--search <text>', 'only records with this text in their key, value or headers')
    .option('--field <member=value>', 'only records whose event has this value, such as data.id=7')
    .option('--follow', 'go on with what is written, until Ctrl-C')
    .option('--json', 'print JSON: an object per topic, group or record, or one of the topic')
    .addHelpText('after', DETAILS)
    .action(async (topic: string | undefined, options: Options, command: Command) => {
      assertFits(topic, options)
      const connection = readConnection(command, context)
      if (topic === undefined) await listStreams(options, connection, context)
      else if (options.partition === undefined) await showTopic(topic, options, connection, context)
      else await showRecords({ ...options, topic, partition: options.partition }, connection, context)
    })
}

function assertFits(topic: string | undefined, options: Options): void {
  const { partition, offset, time, last, groups } = options
  const needing = OF_RECORDS.find((name) => options[name] !== undefined)
  if (topic === undefined && (partition !== undefined || needing !== undefined))
    throw usageError(`--${needing ?? 'partition'} needs a topic: tidewire topics <topic> --partition 0`)
  if (topic !== undefined && groups)
    throw usageError('--groups lists the groups of all topics: leave the topic out')
  if (partition === undefined && needing !== undefined)
    throw usageError(`--${needing} is about the records of a partition: give --partition as well`)
  if ([offset, time, last].filter((one) => one !== undefined).length > 1)
    throw usageError('give one of --offset, --time and --last')
}

function parseOffset(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Give a whole number from 0 on.')
}

async function listStreams(
  { groups: wantsGroups, json }: Options,
  connection: Connection,
  context: CliContext,
): Promise<void> {
  const call = { route: 'GET /streams', failure: 'the topics cannot be listed' }
  const { topics, groups, brokers } = await callApi<Streams>(call, connection)
  if (json) {
    for (const one of wantsGroups ? groups : topics) context.stdout.write(`${JSON.stringify(one)}\n`)
    return
  }
  if (wantsGroups) showTable(GROUPS, groups, context)
  else showTable(topicColumns(groups), topics, context)
  const counted = wantsGroups ? countOf(groups.length, 'group') : countOf(topics.length, 'topic')
  context.stderr.write(`${counted} on ${countOf(brokers.length, 'broker')}\n`)
}

async function showTopic(
  name: string,
  { json }: Options,
  connection: Connection,
  context: CliContext,
): Promise<void> {
  const call = {
    route: `GET /streams/${encodeURIComponent(name)}`,
    failure: `the topic ${printable(name)} cannot be shown`,
  }
  const topic = await callApi<TopicDescription>(call, connection)
  const { stdout } = context
  if (json) {
    stdout.write(`${JSON.stringify(topic)}\n`)
    return
  }
  const records = `${countOf(topic.records, 'record')}, ${topic.recordsPerSecond}/s in the last minute`
  stdout.write(`${printable(topic.name)}: ${records}\n\n`)
  showTable(PARTITIONS, topic.partitions, context)
  if (topic.groups.length > 0) {
    stdout.write('\n')
    showTable(
      GROUPS,
      topic.groups.map((group) => within(group, topic.name)),
      context,
    )
  }
  const settings = topic.config.filter(({ isDefault }) => !isDefault)
  if (settings.length > 0) {
    stdout.write('\n')
    showTable(SETTINGS, settings, context)
  }
}

/** What a group has of one topic. */
function within(group: GroupState, topic: string): GroupState {
  const offsets = group.offsets.filter((one) => one.topic === topic)
  const lag = offsets.reduce((sum, one) => sum + (one.lag ?? 0), 0)
  return { ...group, offsets, lag, lagMs: Math.max(0, ...offsets.map(({ lagMs }) => lagMs ?? 0)) }
}

const topicColumns = (groups: readonly GroupState[]): readonly Column<TopicState>[] => {
  const lagsIn = (topic: string) =>
    groups
      .filter(({ offsets }) => offsets.some((one) => one.topic === topic))
      .map((group) => within(group, topic).lag)
  return [
    { title: 'TOPIC', text: ({ name }) => name },
    { title: 'PARTITIONS', text: ({ partitions }) => String(partitions.length), align: 'right' },
    { title: 'RECORDS', text: ({ records }) => formatCount(records), align: 'right' },
    { title: 'RECORDS/S', text: ({ recordsPerSecond }) => String(recordsPerSecond), align: 'right' },
    { title: 'GROUPS', text: ({ name }) => String(lagsIn(name).length), align: 'right' },
    { title: 'LARGEST LAG', text: ({ name }) => formatCount(Math.max(0, ...lagsIn(name))), align: 'right' },
  ]
}

/** A group whose oldest record has waited for longer is behind. */
const LATE_MS = 10_000

const GROUPS: readonly Column<GroupState>[] = [
  { title: 'GROUP', text: ({ name }) => name },
  { title: 'STATE', text: ({ state }) => state },
  { title: 'MEMBERS', text: ({ members }) => String(members.length), align: 'right' },
  { title: 'LAG', text: ({ lag }) => formatCount(lag), align: 'right' },
  {
    title: 'OLDEST',
    text: ({ lag, lagMs }) => (lag === 0 ? '-' : lagMs === null ? 'unknown' : sayDuration(lagMs)),
    align: 'right',
    style: ({ lag, lagMs }) => (lag > 0 && (lagMs ?? LATE_MS) >= LATE_MS ? 'yellow' : undefined),
  },
]

const PARTITIONS: readonly Column<TopicDescription['partitions'][number]>[] = [
  { title: 'PARTITION', text: ({ partition }) => String(partition), align: 'right' },
  { title: 'EARLIEST', text: ({ earliest }) => String(earliest), align: 'right' },
  { title: 'LATEST', text: ({ latest }) => String(latest), align: 'right' },
  {
    title: 'RECORDS',
    text: ({ earliest, latest }) => formatCount(Math.max(0, latest - earliest)),
    align: 'right',
  },
  { title: 'LEADER', text: ({ leader }) => String(leader), align: 'right' },
  { title: 'IN SYNC', text: ({ inSync, replicas }) => `${inSync.length}/${replicas.length}`, align: 'right' },
]

const SETTINGS: readonly Column<TopicDescription['config'][number]>[] = [
  { title: 'SETTING', text: ({ name }) => name },
  { title: 'VALUE', text: ({ value }) => value ?? '(a secret)' },
]

/** Says a duration in its largest unit: "340 ms", "7 s", "12 min", "1.5 h". */
function sayDuration(ms: number): string {
  if (ms < 1000) return `${ms} ms`
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  return seconds < 3600 ? `${Math.floor(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`
}
