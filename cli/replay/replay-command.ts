import { Command, InvalidArgumentError, Option } from 'commander'
import { channelProblem } from '#shared/core/channel.ts'
import { callApi } from '../lib/call-api.ts'
import type { CliContext } from '../lib/cli-context.ts'
import { usageError } from '../lib/cli-error.ts'
import { type Connection, readConnection } from '../lib/connection.ts'
import { followReplay, printReplay, type Replay, readReplay } from '../lib/follow-replay.ts'
import { parseCount } from '../lib/parse-number.ts'
import { countOf, formatCount } from '../lib/printable.ts'
import { showTable } from '../lib/show-table.ts'
import { createListCommand } from './list-replays.ts'

/** The options of `tidewire replay` as commander reads them. */
type ReplayOptions = {
  readonly views?: true
  readonly domain?: readonly string[]
  readonly topic?: readonly string[]
  readonly acceptLoss?: true
  readonly channel?: readonly string[]
  readonly from?: string
  readonly to?: string
  readonly toUrl?: string
  readonly toConnection?: string
  readonly secret?: string
  readonly rate?: number
  readonly dryRun?: true
  readonly detach?: true
  readonly json?: true
}
type Count = { readonly count: number; readonly byTopic: Readonly<Record<string, number>> }

const DETAILS = `
--views rebuilds views from the first record in Kafka, topic by topic, while events go on being written: nothing is
emitted twice. --channel sends the events of a range of time to a URL, as signed batches of Standard Webhooks, or to an
open connection, whose client takes them with onReplay. Dead letters: tidewire dead-letters replay.

A replay is a job of the stack: it goes on when this command ends, also after Ctrl-C, and after a crash of its worker.
It takes the role admin.

Examples:
  $ tidewire replay --views
  $ tidewire replay --views --domain market
  $ tidewire replay --channel 'port.**' --from 2026-05-17T00:00:00Z --to-url https://hooks.example.com/history --dry-run
  $ tidewire replay --channel 'port.**' --from 2026-05-17T00:00:00Z --to-connection VLQ5Cd3mDoECFxA= --rate 50
  $ tidewire replay list
  $ tidewire replay show mi2k8r1x0-5f0c9a1e --follow
`
const STEERED = {
  pause: 'Pauses a replay after the items that it is at.',
  resume: 'Goes on with a replay that was paused or has failed.',
  cancel: 'Ends a replay. What it has done already stays.',
} as const

/** `tidewire replay`, and its commands `list`, `show`, `pause`, `resume` and `cancel` */
export function createReplayCommand(context: CliContext): Command {
  const replay = new Command('replay')
    .summary('rebuild views, or send a range of events again')
    .description(
      'Rebuilds views, or sends a range of events to a URL or a connection; its commands steer replays.',
    )
    .option('--views', 'rebuild views from Kafka')
    .option(
      '--domain <name>',
      'with --views, only the topics that views of this domain fold; repeatable',
      collect,
    )
    .option('--topic <name>', 'with --views, only this topic; repeatable', collect)
    .option('--accept-loss', 'with --views, go on although Kafka no longer has the first records')
    .option(
      '--channel <pattern>',
      'send the events of this channel, such as port.**; repeatable',
      collectChannel,
    )
    .option('--from <point>', 'with --channel, from this RFC 3339 time or cursor on')
    .option('--to <point>', 'with --channel, up to this RFC 3339 time or cursor (default: now)')
    .addOption(
      new Option('--to-url <url>', 'with --channel, where to post the events').conflicts('toConnection'),
    )
    .option('--to-connection <id>', 'with --channel, the open connection to send them to')
    .option('--secret <secret>', 'with --to-url, what posts are signed with (default: one is made and shown)')
    .option('--rate <n>', 'with --channel, the maximum of events per second (default: 100)', parseCount)
    .option('--dry-run', 'only count the records')
    .option('--detach', 'do not wait until it is done')
    .option('--json', 'print JSON: one object, or one per line for a list')
    .addHelpText('after', DETAILS)
    .action((options: ReplayOptions, command: Command) =>
      startReplay(options, readConnection(command, context), context),
    )
  replay.addCommand(createListCommand(context))
  replay.addCommand(createShow(context))
  for (const [move, description] of Object.entries(STEERED))
    replay.addCommand(createSteer(move, description, context))
  return replay
}

function createShow(context: CliContext): Command {
  return new Command('show')
    .description('Shows a replay with its progress.')
    .argument('<id>', 'the replay')
    .option('--follow', 'show the progress until it ends')
    .addHelpText('after', '\nExamples:\n  $ tidewire replay show mi2k8r1x0-5f0c9a1e --follow\n')
    .action(async (id: string, { follow }: { readonly follow?: true }, command: Command) => {
      const json = isJson(command)
      const connection = readConnection(command, context)
      const found = await readReplay(id, connection)
      if (follow) await followReplay(found, connection, context, { json })
      else printReplay(found, context, { json })
    })
}

function createSteer(move: string, description: string, context: CliContext): Command {
  return new Command(move)
    .description(description)
    .argument('<id>', 'the replay')
    .addHelpText('after', `\nExamples:\n  $ tidewire replay ${move} mi2k8r1x0-5f0c9a1e\n`)
    .action(async (id: string, _: unknown, command: Command) => {
      const route = `POST /replays/${encodeURIComponent(id)}/${move}`
      const failure = `the replay ${id} cannot be ${move === 'cancel' ? 'cancelled' : `${move}d`}`
      const steered = await callApi<Replay>({ route, failure }, readConnection(command, context))
      printReplay(steered, context, { json: isJson(command) })
    })
}

/** The command above has the same option, and takes it wherever it is given. */
function isJson(command: Command): boolean {
  return command.optsWithGlobals<{ json?: true }>().json === true
}

/** Creates a replay and follows it. Throws CliError if the server refuses, and a usage error on a wrong choice. */
async function startReplay(
  options: ReplayOptions,
  connection: Connection,
  context: CliContext,
): Promise<void> {
  const { dryRun = false, detach = false, json = false } = options
  const call = { route: 'POST /replays', failure: 'the replay cannot be created' }
  const body = options.views ? viewsBody(options) : eventsBody(options)
  if (dryRun)
    return showCount(await callApi<Count>({ ...call, body: { ...body, dryRun } }, connection), context, json)
  const replay = await callApi<Replay>({ ...call, body }, connection)
  if (replay.secret !== undefined)
    context.stderr.write(`posts are signed with this secret, which is shown only now: ${replay.secret}\n`)
  if (detach) return printReplay(replay, context, { json })
  await followReplay(replay, connection, context, { json })
}

function viewsBody(options: ReplayOptions): object {
  const { domain: domains, topic: topics, acceptLoss } = options
  const foreign = Object.entries({
    channel: options.channel,
    from: options.from,
    to: options.to,
    'to-url': options.toUrl,
    'to-connection': options.toConnection,
    secret: options.secret,
    rate: options.rate,
  })
  const [wrong] = foreign.find(([, value]) => value !== undefined) ?? []
  if (wrong !== undefined) throw usageError(`--views cannot be used with --${wrong}`)
  return {
    kind: 'views',
    ...(domains !== undefined && { domains }),
    ...(topics !== undefined && { topics }),
    ...(acceptLoss && { acceptLoss }),
  }
}

function eventsBody({
  channel,
  from,
  to,
  toUrl,
  toConnection,
  secret,
  rate,
  ...options
}: ReplayOptions): object {
  if (channel === undefined)
    throw usageError('give what to replay: --views, or --channel with --from and --to-url or --to-connection')
  const { domain, topic, acceptLoss } = options
  const foreign = Object.entries({ domain, topic, 'accept-loss': acceptLoss })
  const [wrong] = foreign.find(([, value]) => value !== undefined) ?? []
  if (wrong !== undefined) throw usageError(`--${wrong} is of --views: it cannot be used with --channel`)
  if (from === undefined) throw usageError('--channel needs --from: an RFC 3339 time or a cursor')
  if (toUrl === undefined && toConnection === undefined)
    throw usageError('--channel needs --to-url or --to-connection: where to send the events')
  const url = toUrl !== undefined && { url: toUrl, ...(secret !== undefined && { secret }) }
  return {
    kind: 'events',
    channels: channel,
    from,
    ...(to !== undefined && { to }),
    target: url || { connection: toConnection },
    ...(rate !== undefined && { rate }),
  }
}

function showCount({ count, byTopic }: Count, context: CliContext, json: boolean): void {
  const { stdout } = context
  if (json) return void stdout.write(`${JSON.stringify({ count, byTopic })}\n`)
  stdout.write(`${countOf(count, 'record')}; nothing was done\n`)
  showTable(
    [
      { title: 'TOPIC', text: ([topic]) => topic },
      { title: 'RECORDS', text: ([, records]) => formatCount(records), align: 'right' },
    ],
    Object.entries(byTopic),
    context,
  )
}

function collect(name: string, names: readonly string[] = []): readonly string[] {
  return [...names, name]
}

function collectChannel(channel: string, channels: readonly string[] = []): readonly string[] {
  const problem = channelProblem(channel, { patterns: true })
  if (problem !== null) throw new InvalidArgumentError(`${JSON.stringify(channel)} ${problem}.`)
  return [...channels, channel]
}
