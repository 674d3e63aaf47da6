import { Command, Option } from 'commander'
import type { CliContext } from '../cli-context.ts'
import { readConnection } from '../connection-options.ts'
import { parseCount, parsePositive } from '../parse-number.ts'
import { noteRefusal, previewFile, publishFile } from './publish-file.ts'
import { collectSet, type PublishOptions, readPublishJob } from './publish-options.ts'
import { FORMATS } from './sniff-format.ts'
import { createTally, summarize } from './tally.ts'

const PREVIEWED = 5

const DETAILS = `
A record that has "specversion", or a "type" (with --type: a "type" beside "data"), is an event and is sent as it is,
with what is missing filled from the options. Any other record becomes the data of an event of --type.
In <text>, {field} stands for a field of the record and {a.b} for a nested one.

Ids: without --id-field an id is derived from the event's content, so running the same file again adds nothing for
7 days, while identical rows of one file are events of their own. They change when the mapping or the file's name does
(it is in the default source).
Order: kept per partition key; without --partition-key the whole file is kept in order, one batch at a time.
CSV: the first line names the fields; empty cells are left out; numbers, true and false become such (not with --no-cast).
Time: RFC 3339, 2024-05-17 12:30, May 17 2024, 2024, seconds or milliseconds since 1970; UTC where no zone is given.
Limits: 128 KB per event, 1 MB per line, 100 MB for a JSON document (NDJSON and CSV are streamed, of any size);
batches of up to 500 events and 900 KB. What is over or refused is reported with its line, the rest is sent, exit code 1.

Examples:
  $ tidewire publish events.ndjson
  $ tidewire publish sp500.csv --type market.tick --category market.tick --subject SP500 --time-field date
  $ tidewire publish ticks.csv --type market.tick --subject-field symbol --partition-key symbol --concurrency 8
  $ gunzip -c 2024-01-01-0.json.gz | tidewire publish - --type 'github.{type}' --id-field id --time-field created_at
  $ tidewire publish events.ndjson --rate 50 --limit 1000
`

/** `tidewire publish <file|->` */
export function createPublishCommand(context: CliContext): Command {
  return new Command('publish')
    .summary('publish the records of a JSON, NDJSON or CSV file')
    .description('Publishes the records of a JSON, NDJSON or CSV file, or of stdin, as events.')
    .argument('<file>', 'the file, or - for stdin')
    .addOption(
      new Option('--format <format>', 'how to read it (default: by extension, else by its start)').choices(
        FORMATS,
      ),
    )
    .option('--type <text>', 'type of the events made of plain records')
    .option('--category <text>', 'channel, such as port.container (default: what the catalog says)')
    .option('--source <text>', 'source (default: urn:tidewire:publish:<file name>)')
    .addOption(new Option('--subject <text>', 'subject, such as SP500 or {symbol}').conflicts('subjectField'))
    .option('--subject-field <field>', 'field that holds the subject')
    .option('--partition-key <field>', 'field whose value keeps order: equal values, one partition')
    .option('--time-field <field>', 'field that holds the time (default: the time of arrival)')
    .option('--id-field <field>', 'field that holds a unique id (default: derived from the content)')
    .option('--set <field=value>', 'add a field to the data of plain records; repeatable', collectSet)
    .option('--no-cast', 'keep every CSV cell as text')
    .option('--concurrency <n>', 'batches in flight, with --partition-key', parseCount, 4)
    .option('--rate <n>', 'events per second at most', parsePositive)
    .option('--limit <n>', 'stop after n records', parseCount)
    .option('--timeout <seconds>', 'how long to try one batch before giving up', parsePositive, 60)
    .option('--dry-run', `print the first events (${PREVIEWED}, or --limit) as NDJSON and send nothing`)
    .option('--json', 'print the summary as one JSON object with counts per topic and partition')
    .addHelpText('after', DETAILS)
    .action((file: string, options: PublishOptions, command: Command) =>
      publish(file, options, command, context),
    )
}

async function publish(
  file: string,
  options: PublishOptions,
  command: Command,
  context: CliContext,
): Promise<void> {
  const job = readPublishJob(file, options)
  const connection = readConnection(command)
  if (options.dryRun) return preview({ ...job, limit: job.limit ?? PREVIEWED }, context)
  const { report, error } = await publishFile(job, connection, context)
  if (error === null || report.published + report.refused > 0) {
    const summary = options.json ? JSON.stringify(report) : summarize(report)
    context.stdout.write(`${summary}\n`)
  }
  if (error !== null) throw error
  if (report.refused > 0) context.setExitCode(1)
}

async function preview(job: ReturnType<typeof readPublishJob>, context: CliContext): Promise<void> {
  const tally = createTally((refusal, count) =>
    noteRefusal(refusal, count, (line) => context.stderr.write(`${line}\n`)),
  )
  for await (const json of previewFile(job, context, tally)) context.stdout.write(`${json}\n`)
  context.stderr.write('dry run: nothing was sent\n')
  if (tally.counts().refused > 0) context.setExitCode(1)
}
