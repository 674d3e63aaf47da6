import { Command, InvalidArgumentError, Option } from 'commander'
import { AUDITED_ACTIONS } from '#shared/core/audit.ts'
import { channelProblem } from '#shared/core/channel.ts'
import type { CliContext } from '../lib/cli-context.ts'
import { readConnection } from '../lib/connection.ts'
import { parseCount } from '../lib/parse-number.ts'
import { parseTimeOption } from '../lib/parse-time.ts'
import { type AuditJob, showAudit } from './show-audit.ts'

const DETAILS = `
Entries are printed oldest first, one line each; --follow goes on with those that are written from then on. It takes the
role admin. What was refused is sampled: an entry says how many like it were left out before it.

${wrapped(`Actions: ${AUDITED_ACTIONS.join(', ')}.`)}

Examples:
  $ tidewire audit
  $ tidewire audit --outcome refused --follow
  $ tidewire audit --action 'key.*' --from 2026-05-17T00:00:00Z
  $ tidewire audit --principal ada@example.com --json | jq .event.data
`

/** Breaks a text into lines for a help page. */
function wrapped(text: string): string {
  return text.replaceAll(/(.{1,115})(?:\s|$)/g, '$1\n').trimEnd()
}

/** `tidewire audit` */
export function createAuditCommand(context: CliContext): Command {
  return new Command('audit')
    .summary('show who did what, and what was refused')
    .description('Shows the audit trail: who did what, and what was refused.')
    .option('--principal <names>', 'only what these did, separated by commas')
    .option('--action <patterns>', 'only these actions, such as refused or key.*', parsePatterns)
    .addOption(
      new Option('--outcome <outcome>', 'only what was done, or refused').choices(['done', 'refused']),
    )
    .option('--from <time>', 'not before this RFC 3339 time', parseTimeOption)
    .option('--to <time>', 'not after this RFC 3339 time', parseTimeOption)
    .option('--limit <n>', 'the number of entries, the newest ones', parseCount, 50)
    .option('--follow', 'go on with entries as they are written')
    .option('--json', 'one positioned event per line: {"topic","partition","offset","event"}')
    .addHelpText('after', DETAILS)
    .action((options: AuditJob, command: Command) =>
      showAudit(options, readConnection(command, context), context),
    )
}

function parsePatterns(text: string): string {
  for (const pattern of text.split(',')) {
    const problem = channelProblem(pattern, { patterns: true })
    if (problem !== null) throw new InvalidArgumentError(`${JSON.stringify(pattern)} ${problem}.`)
  }
  return text
}
