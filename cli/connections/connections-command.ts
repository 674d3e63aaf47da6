import { Command } from 'commander'
import { callApi } from '../lib/call-api.ts'
import type { CliContext } from '../lib/cli-context.ts'
import { readConnection } from '../lib/connection.ts'
import { parseCount } from '../lib/parse-number.ts'
import { printable } from '../lib/printable.ts'
import { type Column, showTable } from '../lib/show-table.ts'

/** A connection as `GET /connections` returns it. */
type OpenConnection = {
  readonly id: string
  readonly principal: { readonly name: string; readonly role: string }
  readonly connected: string
  readonly address?: string
  readonly subscriptions: readonly { readonly channels: readonly string[]; readonly behind: boolean }[]
  readonly framesPerSecond: number
  readonly eventsPerSecond: number
  readonly lagMs: number
}
type Page = {
  readonly connections: readonly OpenConnection[]
  readonly total: number
  readonly next: string | null
}

type ListOptions = {
  readonly principal?: string
  readonly search?: string
  readonly limit: number
  readonly json?: true
}

const PAGE = 100

const DETAILS = `
Newest first. LAG is how long ago the first frame was that a connection still misses, "live" if it misses none. FRAMES/S
and EVENTS/S are those of the last half minute; they are counted while somebody looks, so ask again after some seconds.
It takes the role admin.

A connection that is closed is opened again by its client: to keep somebody out, revoke the credential (tidewire keys
revoke, tidewire users revoke).

Examples:
  $ tidewire connections
  $ tidewire connections --principal ada@example.com
  $ tidewire connections --search 192.0.2. --json | jq -r .id
  $ tidewire connections close VLQ5Cd3mDoECFxA=
`

/** `tidewire connections`, and `tidewire connections close <id>` */
export function createConnectionsCommand(context: CliContext): Command {
  const { stdout, stderr } = context

  const close = new Command('close')
    .description('Closes a connection. Its client connects again by itself.')
    .argument('<id>', 'the connection; write "--" before an id that begins with "-"')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  $ tidewire connections close VLQ5Cd3mDoECFxA=\n')
    .action(async (id: string, _: unknown, command: Command) => {
      // Its parent has the same option, and takes it wherever it is given.
      const { json } = command.optsWithGlobals<{ json?: true }>()
      const route = `DELETE /connections/${encodeURIComponent(id)}`
      const call = { route, failure: 'the connection cannot be closed' }
      const closed = await callApi<{ id: string }>(call, readConnection(command, context))
      stdout.write(json ? `${JSON.stringify(closed)}\n` : `${printable(closed.id)} is closed\n`)
    })

  return new Command('connections')
    .summary('list and close open connections')
    .description('Lists the open connections: of whom, since when, what they subscribe to and get.')
    .option('--principal <name>', 'only those of this user, key (key:…) or service (service:…)')
    .option('--search <text>', 'only those with this text in their id, name or address')
    .option('--limit <n>', 'the maximum number of connections', parseCount, 50)
    .option('--json', 'print a JSON object per line')
    .addHelpText('after', DETAILS)
    .addCommand(close)
    .action(async (options: ListOptions, command: Command) => {
      const { connections, total, hasMore } = await listConnections(options, readConnection(command, context))
      if (options.json) {
        for (const one of connections) stdout.write(`${JSON.stringify(one)}\n`)
      } else {
        showTable(columnsAt(context.clock.now()), connections, context)
        const shown = `${connections.length}${hasMore ? ' or more' : ''}`
        stderr.write(`${shown} of ${total} open ${total === 1 ? 'connection' : 'connections'}\n`)
      }
    })
}

/** Reads pages until there are enough. Throws CliError with the server's reason. */
async function listConnections(
  { principal, search, limit }: ListOptions,
  connection: Parameters<typeof callApi>[1],
) {
  const found: OpenConnection[] = []
  let next: string | undefined
  for (;;) {
    const query = { principal, q: search, limit: Math.min(PAGE, limit - found.length), next }
    const call = { route: 'GET /connections', query, failure: 'the connections cannot be listed' }
    const page = await callApi<Page>(call, connection)
    found.push(...page.connections)
    if (page.next === null || found.length >= limit)
      return { connections: found, total: page.total, hasMore: page.next !== null }
    next = page.next
  }
}

const columnsAt = (now: number): readonly Column<OpenConnection>[] => [
  { title: 'ID', text: ({ id }) => id },
  { title: 'PRINCIPAL', text: ({ principal }) => principal.name },
  { title: 'ROLE', text: ({ principal }) => principal.role },
  { title: 'AGE', text: ({ connected }) => sayDuration(now - Date.parse(connected)), align: 'right' },
  {
    title: 'LAG',
    text: ({ lagMs }) => (lagMs === 0 ? 'live' : sayDuration(lagMs)),
    align: 'right',
    style: ({ lagMs }) => (lagMs === 0 ? undefined : 'yellow'),
  },
  { title: 'FRAMES/S', text: ({ framesPerSecond }) => String(framesPerSecond), align: 'right' },
  { title: 'EVENTS/S', text: ({ eventsPerSecond }) => String(eventsPerSecond), align: 'right' },
  { title: 'ADDRESS', text: ({ address = '-' }) => address },
  {
    title: 'CHANNELS',
    text: ({ subscriptions }) =>
      subscriptions
        .map(({ channels, behind }) => `${channels.join(',')}${behind ? ' (behind)' : ''}`)
        .join(' ') || '-',
  },
]

/** Says a duration in its largest unit: "7 s", "12 min", "1.5 h". */
function sayDuration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 60) return `${seconds} s`
  return seconds < 3600 ? `${Math.floor(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`
}
