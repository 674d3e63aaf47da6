import { Command } from 'commander'

import { connect } from '#shared/client/connect.ts'

import type { Filter } from '#shared/core/interest.ts'
import { checkAccess } from '../check-access.ts'
import type { CliContext } from '../cli-context.ts'
import { readConnection } from '../connection-options.ts'
import { parseCount } from '../parse-number.ts'
import { checkChannels, collectFilter, parseSince } from './parse-tail-options.ts'
import { tailEvents } from './tail-events.ts'

type TailOptions = {
  readonly since: string
  readonly filter?: Filter
  readonly limit?: number
  readonly json?: true
}

const DETAILS = `
A channel is a dotted category; * stands for one segment and a final ** for any rest. Quote them for the shell.
Several --filter of one name are alternatives; different names must all match.
Events go to stdout, what happens to the connection to stderr. When the connection breaks it is made again and what was
missed is fetched, for as long as the log keeps it; a hole that cannot be filled is said, never hidden.
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
      const connection = readConnection(command)
      const interest = { channels: checkChannels(channels), ...(filter && { filter }) }
      await checkAccess(connection, channels)
      await tailEvents({ interest, since, limit, json }, connection, context, connect)
    })
}
