import { basename } from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'
import { channelProblem } from '#shared/core/channel.ts'
import type { CliContext } from '../lib/cli-context.ts'
import { usageError } from '../lib/cli-error.ts'
import { readConnection } from '../lib/connection.ts'
import { castCell } from '../lib/input/read-csv.ts'
import { isEncoding } from '../lib/input/to-utf8.ts'
import { parseCount, parsePositive } from '../lib/parse-number.ts'
import { createTally, summarize } from '../lib/tally.ts'
import type { Mapping } from './map-record.ts'
import { type PublishJob, previewFile, publishFile } from './publish-file.ts'
import { FORMATS, type Format } from './read-records.ts'

/** The options of `tidewire publish` as commander reads them. */
type PublishOptions = {
  readonly format?: Format
  readonly type?: string
  readonly category?: string
  readonly source?: string
  readonly subject?: string
  readonly subjectField?: string
  readonly partitionKey?: string
  readonly timeField?: string
  readonly idField?: string
  readonly set?: Readonly<Record<string, unknown>>
  readonly cast: boolean
  readonly encoding?: string
  readonly delimiter?: string
  readonly concurrency: number
  readonly timeout: number
  readonly limit?: number
  readonly rate?: number
  readonly dryRun?: true
  readonly json?: true
}

const PREVIEWED = 5
/** No spaces, control characters or characters such as `<`: https://www.rfc-editor.org/rfc/rfc3986#section-4.1 */
const URI_REFERENCE = /^(?:[A-Za-z0-9\-._~:/?#@!$&'()*+,;=[\]{}]|%[0-9A-Fa-f]{2})+$/

const DETAILS = `
A record that has "specversion", or a "type" (with --type: a "type" beside "data"), is an event. It is sent as it is,
and missing attributes are added from the options. Any other record becomes the data of an event of --type.
In <text>, {field} is replaced by a field of the record and {a.b} by a nested one.

Ids: without --id-field an id is derived from the event's content, so running the same file again adds nothing while
the log keeps the first run (7 days by default); equal rows of one file are separate events. The ids change with the
mapping and with the file's name (it is in the default source).
Order: kept per partition key. Without --partition-key the order of the whole file is kept, one batch at a time.
CSV: the first line names the fields and shows what is between cells: a comma, semicolon, tab or bar. Empty cells are
left out; numbers, true and false are cast (not with --no-cast). A decimal comma is not guessed: "1,5" stays text.
Encoding: that of the byte order mark, otherwise UTF-8. A line that is not UTF-8 is refused; then give --encoding.
Time: RFC 3339, 2024-05-17 12:30, May 17 2024, 2024, seconds or milliseconds since 1970; UTC if no zone is given.
Limits: 128 KB per event, 1 MB per line, 100 MB for a JSON document (NDJSON and CSV are streamed, of any size);
batches of up to 500 events and 900 KB. What is too large or refused is reported with its line, the rest is sent, and
the exit code is 1.

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
    .summary('publish the records of a JSON, NDJSON, CSV or TSV file')
    .description('Publishes the records of a JSON, NDJSON, CSV or TSV file, or of stdin, as events.')
    .argument('<file>', 'the file, or - for stdin')
    .addOption(
      new Option(
        '--format <format>',
        'how to read it (default: by extension, otherwise by its first line)',
      ).choices(FORMATS),
    )
    .option('--type <text>', 'type of the events made of plain records')
    .option('--category <text>', 'channel, such as port.container (default: from the catalog)')
    .option('--source <text>', 'source (default: /tidewire-cli/<file name>)')
    .addOption(new Option('--subject <text>', 'subject, such as SP500 or {symbol}').conflicts('subjectField'))
    .option('--subject-field <field>', 'field with the subject')
    .option('--partition-key <field>', 'field whose equal values keep their order, in one partition')
    .option('--time-field <field>', 'field with the time (default: the time of arrival)')
    .option('--id-field <field>', 'field with a unique id (default: derived from the content)')
    .option('--set <field=value>', 'add a field to the data of plain records; repeatable', collectSet)
    .option('--no-cast', 'keep every CSV cell as text')
    .option(
      '--encoding <name>',
      'encoding of a file without a byte order mark (default: utf-8)',
      parseEncoding,
    )
    .option(
      '--delimiter <text>',
      'what is between two CSV cells (default: as the header shows)',
      parseDelimiter,
    )
    .option('--concurrency <n>', 'batches in flight, with --partition-key', parseCount, 4)
    .option('--rate <n>', 'maximum of events per second', parsePositive)
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
  const connection = readConnection(command, context)
  if (options.dryRun) return preview({ ...job, limit: job.limit ?? PREVIEWED }, context)
  const { report, error } = await publishFile(job, connection, context)
  if (error === null || report.published + report.refused > 0) {
    const summary = options.json ? JSON.stringify(report) : summarize(report)
    context.stdout.write(`${summary}\n`)
  }
  if (error !== null) throw error
  if (report.refused > 0) context.setExitCode(1)
}

async function preview(job: PublishJob, context: CliContext): Promise<void> {
  const tally = createTally((line) => context.stderr.write(`${line}\n`))
  for await (const { json } of previewFile(job, context, tally)) context.stdout.write(`${json}\n`)
  context.stderr.write('dry run: nothing was sent\n')
  if (tally.counts().refused > 0) context.setExitCode(1)
}

/** Returns the job of the options. Throws a usage error on an invalid option. */
function readPublishJob(file: string, options: PublishOptions): PublishJob {
  return {
    read: {
      file,
      format: options.format,
      cast: options.cast,
      encoding: options.encoding,
      delimiter: options.delimiter,
    },
    mapping: readMapping(file, options),
    // If the key of an event is not known, only a single lane keeps every order that the server may keep.
    lanes: options.partitionKey === undefined ? 1 : options.concurrency,
    limit: options.limit,
    rate: options.rate,
    timeoutMs: options.timeout * 1000,
  }
}

function readMapping(file: string, options: PublishOptions): Mapping {
  const { type, category, source, subject, subjectField, partitionKey, timeField, idField } = options
  const problem = category === undefined || category.includes('{') ? null : channelProblem(category)
  if (problem !== null) throw usageError(`--category ${JSON.stringify(category)} ${problem}`)
  if (source !== undefined && !URI_REFERENCE.test(source))
    throw usageError(
      `--source ${JSON.stringify(source)} is not a URI reference such as urn:acme:billing or /billing`,
    )
  const texts = { type, subject, subjectField, partitionKey, timeField, idField }
  for (const [option, text] of Object.entries(texts))
    if (text?.trim() === '') throw usageError(`the option for ${option} is empty`)
  return {
    type,
    category,
    source: source ?? defaultSource(file),
    subject: subjectField === undefined ? subject : `{${subjectField}}`,
    partitionkey: partitionKey && `{${partitionKey}}`,
    id: idField && `{${idField}}`,
    timeField,
    set: options.set ?? {},
  }
}

/** Returns the name of an encoding. */
function parseEncoding(name: string): string {
  if (isEncoding(name)) return name
  throw new InvalidArgumentError('Give one such as utf-8, utf-16le, windows-1252, iso-8859-2 or shift_jis.')
}

function parseDelimiter(text: string): string {
  const delimiter = text === '\\t' ? '\t' : text
  if (delimiter.length === 1 && !/["\r\n]/.test(delimiter)) return delimiter
  throw new InvalidArgumentError('Give one character, such as ";" or "\\t" for a tab.')
}

/** Has the name of the file without its folder, so that the source does not depend on the current folder. */
function defaultSource(file: string): string {
  return `/tidewire-cli/${file === '-' ? 'stdin' : encodeURIComponent(basename(file))}`
}

/** Adds one `--set field=value` to those before it. Throws a usage error if the `=` or the field is missing. */
function collectSet(
  text: string,
  known: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  const [, field, value] = /^([^=]+)=(.*)$/s.exec(text) ?? []
  if (field === undefined || value === undefined)
    throw usageError(`--set ${JSON.stringify(text)} is not field=value`)
  return { ...known, [field]: castCell(value) }
}
