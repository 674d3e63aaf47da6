import { Command } from 'commander'
import { parseTimestamp } from '#shared/core/time.ts'
import { confirm } from '../lib/ask.ts'
import type { CliContext } from '../lib/cli-context.ts'
import { CliError } from '../lib/cli-error.ts'
import { readConnection } from '../lib/connection.ts'
import { parseCount, parsePositive } from '../lib/parse-number.ts'
import { parseTimeOption } from '../lib/parse-time.ts'
import { countOf, formatCount } from '../lib/printable.ts'
import { showTable } from '../lib/show-table.ts'
import { summarize } from '../lib/tally.ts'
import { findPartitions } from './read-archive.ts'
import { replayArchive } from './replay-archive.ts'
import { type Survey, surveyArchive } from './survey-archive.ts'

/** The options of `tidewire archive replay` as commander reads them. */
type ReplayOptions = {
  readonly topic?: readonly string[]
  readonly from?: string
  readonly to?: string
  readonly concurrency: number
  readonly rate?: number
  readonly timeout: number
  readonly dryRun?: true
  readonly yes?: true
  readonly json?: true
}

const DETAILS = `
The folder is a copy of the bucket of an archive, or of a part of it (aws s3 sync). Events are counted first, and then
published with the ids, sources, times and data that they had, in the order of each partition. Their positions are new,
and they are pushed and kept as new events are. What the log still has is not written again, so a replay that was
interrupted is run again. --from and --to are about when Kafka got a record.

Left out are erased events, records that are no event, and what Tidewire alone writes: views emit theirs again, moves of
cases are not repeated. It takes the role publisher, with act-for-others where events say who acted.

Examples:
  $ tidewire archive replay archive --dry-run
  $ tidewire archive replay archive --topic port-events --from 2026-05-01T00:00:00Z --to 2026-06-01T00:00:00Z
  $ tidewire archive replay archive --rate 50 --yes
`

/** `tidewire archive replay <folder>` */
export function createArchiveCommand(context: CliContext): Command {
  const replay = new Command('replay')
    .description('Publishes the events of an archive again.')
    .argument(
      '<folder>',
      'the folder with its files, as <topic>/<partition>/<first offset>-<last offset>.ndjson.gz',
    )
    .option('--topic <name>', 'only this topic; repeatable', collect)
    .option('--from <time>', 'only what Kafka got at this RFC 3339 time or later', parseTimeOption)
    .option('--to <time>', 'only what Kafka got before this RFC 3339 time', parseTimeOption)
    .option('--concurrency <n>', 'partitions that are replayed at once', parseCount, 4)
    .option('--rate <n>', 'maximum of events per second', parsePositive)
    .option('--timeout <seconds>', 'how long to try one batch before giving up', parsePositive, 60)
    .option('--dry-run', 'only count the events')
    .option('-y, --yes', 'do not ask')
    .option('--json', 'print JSON')
    .addHelpText('after', DETAILS)
    .action((folder: string, options: ReplayOptions, command: Command) =>
      replayFolder(folder, options, command, context),
    )
  return new Command('archive')
    .summary('publish the events of an archive in S3 again')
    .description('Publishes the events of an archive in S3 again.')
    .addHelpText('after', '\nExamples:\n  $ tidewire archive replay archive --dry-run\n')
    .addCommand(replay)
}

async function replayFolder(
  folder: string,
  options: ReplayOptions,
  command: Command,
  context: CliContext,
): Promise<void> {
  const { topic, from, to, json = false, yes = false, timeout, concurrency, rate } = options
  const { stdout } = context
  const connection = readConnection(command, context)
  const partitions = await findPartitions(folder, topic)
  const range = { from: parseTimestamp(from) ?? -Infinity, to: parseTimestamp(to) ?? Infinity }
  const survey = await surveyArchive(partitions, range)
  if (options.dryRun) return showSurvey(survey, context, json)
  if (!json) showSurvey(survey, context, json)
  if (survey.count === 0) throw new CliError('there is nothing to replay')
  const question = `Publish ${countOf(survey.count, 'event')} to ${connection.url}?`
  if (!(await confirm(question, yes, context))) throw new CliError('nothing was published')
  const job = { partitions, survey, lanes: concurrency, rate, timeoutMs: timeout * 1000 }
  const { report, known, error } = await replayArchive(job, connection, context)
  if (json) stdout.write(`${JSON.stringify({ ...report, known, leftOut: survey.leftOut })}\n`)
  else if (error === null || report.published + report.refused + known > 0)
    stdout.write(`${summarize(report)}; the log had ${formatCount(known)} already\n`)
  if (error !== null) throw error
  if (report.refused > 0) context.setExitCode(1)
}

/** Shows what is to be replayed. For people, what is left out goes to stderr. */
function showSurvey({ count, byTopic, leftOut }: Survey, context: CliContext, json: boolean): void {
  const { stdout, stderr } = context
  if (json) return void stdout.write(`${JSON.stringify({ count, byTopic, leftOut })}\n`)
  showTable(
    [
      { title: 'TOPIC', text: ([topic]) => topic },
      { title: 'EVENTS', text: ([, events]) => formatCount(events), align: 'right' },
    ],
    Object.entries(byTopic),
    context,
  )
  const parts = [
    [leftOut.erased, 'erased'],
    [leftOut.internal, 'written by Tidewire alone'],
    [leftOut.noEvent, 'no event'],
  ] as const
  const shown = parts.flatMap(([records, what]) => (records > 0 ? [`${formatCount(records)} ${what}`] : []))
  if (shown.length > 0) stderr.write(`left out: ${shown.join(', ')}\n`)
}

function collect(name: string, names: readonly string[] = []): readonly string[] {
  return [...names, name]
}
