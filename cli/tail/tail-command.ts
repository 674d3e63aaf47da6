import { Command } from 'commander'
import { channelProblem } from '#shared/core/channel.ts'
import { CursorError, parseCursor } from '#shared/core/cursor.ts'
import { FILTER_FIELDS, type Filter, type FilterField } from '#shared/core/interest.ts'
import type { Since } from '#shared/core/messages.ts'
import { isSeverity, SEVERITIES } from '#shared/core/severity.ts'
import { isTimestamp } from '#shared/core/time.ts'
import { checkAccess } from '../lib/call-api.ts'
import type { CliContext } from '../lib/cli-context.ts'
import { usageError } from '../lib/cli-error.ts'
import { readConnection } from '../lib/connection.ts'
import { parseCount } from '../lib/parse-number.ts'
import { tailEvents } from './tail-events.ts'

type TailOptions = {
  readonly since: string
  readonly filter?: Filter
  readonly limit?: number
  readonly json?: true
}

const DETAILS = `
A channel is a dotted category; * matches one segment and a final ** any rest. Quote them for the shell.
Several --filter of one name are alternatives; filters of different names must all match.
Events go to stdout, states of the connection to stderr. When the connection breaks, the command reconnects and fetches
missed events for as long as the log keeps them. A gap that cannot be filled is always reported.
Limits: 8 segments of 64 characters per channel. A viewer's key sees only the channels that it was granted.

Examples:
  $ tidewire tail 'port.**'
  $ tidewire tail 'port.*' market.alert --filter severity=critical,high --filter 'type=port.*'
  $ tidewire tail market.tick --filter subject=SP500 --since earliest --limit 10
  $ tidewire tail 'port.**' --since 2026-05-17T08:00:00Z --json | jq .event.data
`

/** `tidewire tail <channel…>` */
export function createTailCommand(context: CliContext): Command {
  return new Command('tail')
    .summary('follow the events of channels as they happen')
    .description('Follows the events of channels as they happen, one line each.')
    .argument('<channel...>', 'channels or patterns, such as port.container or port.**')
    .option('--since <point>', 'latest, earliest, an RFC 3339 time, or a cursor', parseSince, 'latest')
    .option('--filter <name=values>', 'severity=…, type=… (patterns) or subject=…; repeatable', collectFilter)
    .option('--limit <n>', 'stop after n events', parseCount)
    .option('--json', 'one positioned event per line: {"topic","partition","offset","event"}')
    .addHelpText('after', DETAILS)
    .action(async (channels: readonly string[], options: TailOptions, command: Command) => {
      const { since, filter, limit, json = false } = options
      const connection = readConnection(command, context)
      const interest = { channels: readChannels(channels), ...(filter && { filter }) }
      await checkAccess(connection, channels)
      await tailEvents({ interest, since, limit, json }, connection, context)
    })
}

/** Returns the channel patterns. Throws a usage error on an invalid one. */
function readChannels(channels: readonly string[]): readonly string[] {
  for (const channel of channels) {
    const problem = channelProblem(channel, { patterns: true })
    if (problem !== null) throw usageError(`the channel ${JSON.stringify(channel)} ${problem}`)
  }
  return channels
}

/** Returns where to start: `latest`, `earliest`, a cursor or an RFC 3339 time. Throws a usage error. */
function parseSince(text: string): Since {
  if (text === 'latest' || text === 'earliest' || isTimestamp(text)) return text
  try {
    if (text !== '' && parseCursor(text)) return text
  } catch (error) {
    if (!(error instanceof CursorError)) throw error
  }
  throw usageError(
    `--since ${JSON.stringify(text)} is neither latest, earliest, a time such as 2026-05-17T08:00:00Z, nor a cursor`,
  )
}

/**
 * Adds one `--filter name=value,value` to those before it. Subjects may contain commas, so each needs its own option.
 * Throws a usage error on an unknown name or a value that can never match.
 */
function collectFilter(text: string, known: Filter = {}): Filter {
  const separator = text.indexOf('=')
  const name = FILTER_FIELDS.find((filter) => filter === text.slice(0, separator))
  if (name === undefined)
    throw usageError(`--filter ${JSON.stringify(text)} is not severity=…, type=… or subject=…`)
  const given = text.slice(separator + 1)
  const values = name === 'subject' ? [given] : given.split(',').map((value) => value.trim())
  for (const value of values) assertFilterValue(name, value)
  return { ...known, [name]: [...(known[name] ?? []), ...values] }
}

function assertFilterValue(name: FilterField, value: string): void {
  if (value === '') throw usageError(`--filter ${name}= has no value`)
  if (name === 'severity' && !isSeverity(value))
    throw usageError(`--filter severity=${value}: a severity is ${SEVERITIES.join(', ')}`)
  const problem = name === 'type' ? channelProblem(value, { patterns: true }) : null
  if (problem !== null) throw usageError(`--filter type=${value}: the pattern ${problem}`)
}
