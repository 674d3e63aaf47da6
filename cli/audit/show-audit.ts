import { connect } from '#shared/client/connect.ts'
import { AUDIT_CHANNELS } from '#shared/core/audit.ts'
import { matchesChannel } from '#shared/core/channel.ts'
import type { PositionedEvent } from '#shared/core/event.ts'
import { writeReceived } from '#shared/core/json/received-event.ts'
import { parseTimestamp } from '#shared/core/time.ts'
import type { AuditData } from '#shared/domain/audit-events.ts'
import { callApi, clientOptions } from '../lib/call-api.ts'
import type { CliContext } from '../lib/cli-context.ts'
import { CliError } from '../lib/cli-error.ts'
import type { Connection } from '../lib/connection.ts'
import { printable } from '../lib/printable.ts'

/** Which entries to show. The texts are those of `GET /audit`. */
export type AuditJob = {
  readonly principal?: string
  readonly action?: string
  readonly outcome?: string
  readonly from?: string
  readonly to?: string
  readonly limit: number
  readonly follow?: true
  readonly json?: true
}

type Page = { readonly events: readonly PositionedEvent[]; readonly next: string | null }
type Print = (entry: PositionedEvent) => void

const MOST_OF_PAGE = 500

/**
 * Prints the newest entries that fit, oldest first, and with `follow` those that are written from then on, until the
 * command is interrupted. Throws CliError if the server refuses.
 */
export async function showAudit(
  job: AuditJob,
  connection: Connection,
  { stdout, stderr, signal }: CliContext,
): Promise<void> {
  const format = job.json ? writeReceived : formatEntry
  const print: Print = (entry) => void stdout.write(`${format(entry)}\n`)
  const printed = new Set<string>()
  const printOnce: Print = (entry) => {
    const position = `${entry.topic}/${entry.partition}@${entry.offset}`
    if (printed.has(position)) return
    printed.add(position)
    print(entry)
  }
  if (!job.follow) {
    for (const entry of await listEntries(job, connection)) print(entry)
    return
  }
  // It listens before it reads, and holds back what comes meanwhile, so that nothing is missing in between.
  let take: Print = (entry) => void held.push(entry)
  const held: PositionedEvent[] = []
  const { promise: finished, resolve: finish, reject: fail } = Promise.withResolvers<void>()
  const client = connect(await clientOptions(connection))
  signal.addEventListener('abort', () => finish(), { once: true })
  if (signal.aborted) finish()
  try {
    client.subscribe({ channels: [AUDIT_CHANNELS] }, (entry) => isWanted(job, entry) && take(entry), {
      onGap: () => void stderr.write('gap: some entries were skipped\n'),
      onState: (state) => state === 'closed' && fail(new CliError('the server ended the subscription')),
    })
    for (const entry of await listEntries(job, connection)) printOnce(entry)
    take = printOnce
    for (const entry of held) printOnce(entry)
    await finished
  } finally {
    client.close()
  }
}

/** Returns the newest entries that fit, oldest first. */
async function listEntries({ limit, ...job }: AuditJob, connection: Connection): Promise<PositionedEvent[]> {
  const { follow: _, json: __, ...filters } = job
  const entries: PositionedEvent[] = []
  let next: string | null = ''
  while (next !== null && entries.length < limit) {
    const size = String(Math.min(MOST_OF_PAGE, limit - entries.length))
    const query = { ...filters, limit: size, next: next || undefined }
    const call = { route: 'GET /audit', query, failure: 'the audit trail cannot be read' }
    const page: Page = await callApi(call, connection)
    entries.push(...page.events)
    next = page.next
  }
  return entries.reverse()
}

/** Whether an entry that is written now passes the filters, as the server applies them to the others. */
function isWanted({ principal, action, outcome, from, to }: AuditJob, { event }: PositionedEvent): boolean {
  const data = event.data as AuditData
  const time = parseTimestamp(event.time) ?? Number.NaN
  return (
    (!principal || principal.split(',').includes(event.subject ?? '')) &&
    (!action || action.split(',').some((pattern) => matchesChannel(pattern, data.action))) &&
    (!outcome || outcome === data.outcome) &&
    (!from || time >= instantOf(from)) &&
    (!to || time <= instantOf(to))
  )
}

function instantOf(text: string): number {
  return parseTimestamp(text) ?? Number.NaN
}

/** Returns an entry as one line: time, outcome, action, who, from where, the target, and why. */
export function formatEntry({ event }: PositionedEvent): string {
  const { action, outcome, principal, address, target, reason, omitted } = event.data as AuditData
  const who = principal ? `${principal.name} (${principal.role})` : 'without valid credentials'
  const cells = [
    event.time ?? '-',
    outcome.padEnd('refused'.length),
    action,
    who,
    address ?? '-',
    target ?? '-',
    reason,
    omitted === undefined ? undefined : `and ${omitted} more before`,
  ]
  return printable(cells.filter((cell) => cell !== undefined).join('  '))
}
