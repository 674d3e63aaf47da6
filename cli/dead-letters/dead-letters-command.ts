import { Command, Option } from 'commander'
import { callApi } from '../lib/call-api.ts'
import type { CliContext } from '../lib/cli-context.ts'
import { usageError } from '../lib/cli-error.ts'
import { type Connection, readConnection } from '../lib/connection.ts'
import { parseCount } from '../lib/parse-number.ts'
import { timeText } from '../lib/parse-time.ts'
import { countOf } from '../lib/printable.ts'
import { type Column, showTable } from '../lib/show-table.ts'
import {
  addFilterOptions,
  collectPosition,
  type FilterOptions,
  filterBody,
  filterQuery,
  type Position,
  parsePosition,
  positionText,
} from './letter-filter.ts'
import { readEvent, settleLetters, startSettling } from './settle-letters.ts'
import { FORMS, type Form, type Letter, showLetter } from './show-letter.ts'

type GroupOptions = FilterOptions & { readonly limit?: number; readonly json?: true }
type SettleOptions = GroupOptions & {
  readonly rate?: number
  readonly reason?: string
  readonly dryRun?: true
  readonly yes?: true
  readonly detach?: true
}

const LIMIT = 50
const PAGE = 500

const DETAILS = `
A record that cannot be processed is a dead letter, and its partition goes on. Without a command they are listed, newest
first; lists of a filter are separated by commas. A position is <topic>/<partition>/<offset>. It takes the role admin.

Examples:
  $ tidewire dead-letters
  $ tidewire dead-letters --code invalid_data --type 'port.*' --from 2026-05-17T00:00:00Z
  $ tidewire dead-letters show container-events/0/12 --as hex
  $ tidewire dead-letters replay --code fold_failed --dry-run
  $ tidewire dead-letters --json | jq -r .reason
`
const SHOW_DETAILS = `
A value that cannot be decoded is shown as text, and one that is no text as bytes.

Examples:
  $ tidewire dead-letters show container-events/0/12
  $ tidewire dead-letters show container-events/0/12 --json | jq .event > event.json
`
const REPLAY_DETAILS = `
Replays the open letters that the filter options select, or those at the positions. It counts them first and asks; where
nobody can be asked it takes --yes. The events keep their ids: replaying twice changes nothing. What is found later is
not replayed. Ctrl-C ends the waiting only: the stack goes on.

Examples:
  $ tidewire dead-letters replay --code fold_failed --dry-run
  $ tidewire dead-letters replay --topic container-events --rate 100 --yes
  $ tidewire dead-letters replay container-events/0/12 container-events/0/15
`
const MEND_DETAILS = `
The file is one CloudEvent as JSON. It keeps the id and the source of the letter's event, if that has them.

Examples:
  $ tidewire dead-letters show container-events/0/12 --json | jq .event > event.json
  $ tidewire dead-letters mend container-events/0/12 --event event.json
`
const DISCARD_DETAILS = `
Discards the open letters that the filter options select, or those at the positions: they are not replayed any more, and
stay in the list with --status discarded. It counts them first and asks; where nobody can be asked it takes --yes.

Examples:
  $ tidewire dead-letters discard --code undecodable --reason 'a broken producer' --dry-run
  $ tidewire dead-letters discard container-events/0/12 --reason 'a test' --yes
`

/** `tidewire dead-letters`, and its commands `show`, `replay`, `mend` and `discard` */
export function createDeadLettersCommand(context: CliContext): Command {
  const group = new Command('dead-letters')
    .summary('list, look at, mend, replay and discard dead letters')
    .description('Lists the records that could not be processed; its commands mend, replay and discard them.')
  addFilterOptions(group)
    .option('--limit <n>', `the number of letters in the list (default: ${LIMIT})`, parseCount)
    .option('--json', 'print JSON: an object per letter, or one object')
    .addHelpText('after', DETAILS)
    .action((options: GroupOptions, command: Command) =>
      listLetters(options, readConnection(command, context), context),
    )
  for (const create of [createShow, createReplay, createMend, createDiscard])
    group.addCommand(create(context))
  return group
}

function createShow(context: CliContext): Command {
  return new Command('show')
    .description('Shows one dead letter.')
    .argument('<position>', 'such as container-events/0/12', parsePosition)
    .addOption(new Option('--as <form>', 'how to show its value').choices(FORMS).default('decoded'))
    .addHelpText('after', SHOW_DETAILS)
    .action(async (position: Position, { as }: { readonly as: Form }, command: Command) => {
      const { json } = optionsOf(command, 'show')
      const { topic, partition, offset } = position
      const route = `GET /dead-letters/${encodeURIComponent(topic)}/${partition}/${offset}`
      const failure = `the dead letter ${positionText(position)} cannot be read`
      const letter = await callApi<Letter>({ route, failure }, readConnection(command, context))
      if (json) context.stdout.write(`${JSON.stringify(letter)}\n`)
      else showLetter(letter, as, context)
    })
}

function createReplay(context: CliContext): Command {
  const command = new Command('replay').description('Replays dead letters.')
  return addSettleOptions(command)
    .option('--rate <n>', 'maximum of letters per second (default: 100)', parseCount)
    .addHelpText('after', REPLAY_DETAILS)
    .action((positions: readonly Position[] | undefined, _: unknown, self: Command) => {
      const { rate, ...options } = optionsOf(self, 'replay')
      const body = { filter: filterBody(options, positions), ...(rate !== undefined && { rate }) }
      return settleLetters(
        { ...jobOf(options), verb: 'replay', body },
        readConnection(self, context),
        context,
      )
    })
}

function createMend(context: CliContext): Command {
  return new Command('mend')
    .description('Replays one dead letter with a mended event in its place.')
    .argument('<position>', 'such as container-events/0/12', parsePosition)
    .requiredOption('--event <file>', 'the mended event as JSON, or - for stdin')
    .option('--detach', 'do not wait until it is done')
    .addHelpText('after', MEND_DETAILS)
    .action(async (position: Position, { event: file }: { readonly event: string }, command: Command) => {
      const options = optionsOf(command, 'mend')
      const event = await readEvent(file, context)
      const body = { filter: { positions: [position] }, event }
      await startSettling(
        { ...jobOf(options), verb: 'replay', body },
        readConnection(command, context),
        context,
      )
    })
}

function createDiscard(context: CliContext): Command {
  const command = new Command('discard').description('Discards dead letters: they are not replayed any more.')
  return addSettleOptions(command)
    .requiredOption('--reason <text>', 'why, for the audit trail')
    .addHelpText('after', DISCARD_DETAILS)
    .action((positions: readonly Position[] | undefined, _: unknown, self: Command) => {
      const { reason, ...options } = optionsOf(self, 'discard')
      const body = { filter: filterBody(options, positions), reason }
      return settleLetters(
        { ...jobOf(options), verb: 'discard', body },
        readConnection(self, context),
        context,
      )
    })
}

function addSettleOptions(command: Command): Command {
  return command
    .argument('[position...]', 'only those at these positions', collectPosition)
    .option('--dry-run', 'only count them')
    .option('-y, --yes', 'do not ask')
    .option('--detach', 'do not wait until it is done')
}

function jobOf({ dryRun, yes, detach, json }: SettleOptions) {
  return { dryRun: dryRun === true, yes: yes === true, detach: detach === true, json: json === true }
}

/** Returns the options of a command and of the list above it, which takes them wherever they are given. */
function optionsOf(command: Command, name: string): SettleOptions {
  const options = command.optsWithGlobals<SettleOptions>()
  if (options.limit === undefined) return options
  throw usageError(`--limit is of the list: tidewire dead-letters ${name} takes a filter or positions`)
}

async function listLetters(
  { limit = LIMIT, json, ...filter }: GroupOptions,
  connection: Connection,
  context: CliContext,
): Promise<void> {
  const letters: Letter[] = []
  let next: string | null | undefined
  do {
    const query = {
      ...filterQuery(filter),
      limit: Math.min(PAGE, limit - letters.length),
      next: next ?? undefined,
    }
    const call = { route: 'GET /dead-letters', query, failure: 'the dead letters cannot be listed' }
    const page = await callApi<{ deadLetters: readonly Letter[]; next?: string | null }>(call, connection)
    letters.push(...page.deadLetters)
    next = page.next
  } while (next && letters.length < limit)
  if (json) {
    for (const letter of letters) context.stdout.write(`${JSON.stringify(letter)}\n`)
    return
  }
  showTable(COLUMNS, letters, context)
  const more = next ? '; there are more (--limit)' : ''
  context.stderr.write(`${countOf(letters.length, 'dead letter')}${more}\n`)
}

const COLUMNS: readonly Column<Letter>[] = [
  { title: 'WRITTEN', text: ({ timestamp }) => timeText(timestamp) },
  { title: 'POSITION', text: positionText },
  { title: 'CODE', text: ({ code }) => code, style: () => 'red' },
  { title: 'CONSUMER', text: ({ consumer }) => consumer },
  { title: 'STATUS', text: ({ status }) => status },
  { title: 'TYPE', text: ({ type = '-' }) => type },
  { title: 'REASON', text: ({ reason }) => reason },
]
