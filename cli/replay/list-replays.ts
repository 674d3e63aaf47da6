import { Command } from 'commander'
import { callApi } from '../lib/call-api.ts'
import type { CliContext } from '../lib/cli-context.ts'
import { type Connection, readConnection } from '../lib/connection.ts'
import type { Replay } from '../lib/follow-replay.ts'
import { parseCount } from '../lib/parse-number.ts'
import { timeText } from '../lib/parse-time.ts'
import { countOf, formatCount } from '../lib/printable.ts'
import { type Column, type Style, showTable } from '../lib/show-table.ts'

type Page = { readonly replays: readonly Replay[]; readonly next: string | null }

const LIMIT = 20
const PAGE = 100

/** `tidewire replay list` */
export function createListCommand(context: CliContext): Command {
  return new Command('list')
    .description('Lists the replays, newest first.')
    .option('--limit <n>', 'the number of replays', parseCount, LIMIT)
    .addHelpText(
      'after',
      '\nExamples:\n  $ tidewire replay list\n  $ tidewire replay list --json | jq -r .id\n',
    )
    .action(async ({ limit }: { readonly limit: number }, command: Command) => {
      const { json } = command.optsWithGlobals<{ json?: true }>()
      const { replays, hasMore } = await listReplays(limit, readConnection(command, context))
      if (json) {
        for (const replay of replays) context.stdout.write(`${JSON.stringify(replay)}\n`)
        return
      }
      showTable(COLUMNS, replays, context)
      context.stderr.write(
        `${countOf(replays.length, 'replay')}${hasMore ? '; there are more (--limit)' : ''}\n`,
      )
    })
}

async function listReplays(limit: number, connection: Connection) {
  const replays: Replay[] = []
  for (let next: string | undefined; ; ) {
    const query = { limit: Math.min(PAGE, limit - replays.length), next }
    const page = await callApi<Page>(
      { route: 'GET /replays', query, failure: 'the replays cannot be listed' },
      connection,
    )
    replays.push(...page.replays)
    if (page.next === null || replays.length >= limit) return { replays, hasMore: page.next !== null }
    next = page.next
  }
}

const STYLES: Readonly<Partial<Record<Replay['status'], Style>>> = {
  running: 'green',
  paused: 'yellow',
  failed: ['bold', 'red'],
}
const COLUMNS: readonly Column<Replay>[] = [
  { title: 'ID', text: ({ id }) => id },
  { title: 'KIND', text: ({ kind }) => kind },
  { title: 'STATUS', text: ({ status }) => status, style: ({ status }) => STYLES[status] },
  { title: 'CREATED', text: ({ created }) => timeText(created) },
  { title: 'BY', text: ({ by }) => by },
  {
    title: 'DONE',
    text: ({ done, skipped, total }) => `${formatCount(done + skipped)} of ${formatCount(total)}`,
    align: 'right',
  },
  {
    title: 'FAILED',
    text: ({ failed }) => formatCount(failed),
    align: 'right',
    style: ({ failed }) => (failed > 0 ? 'red' : undefined),
  },
]
