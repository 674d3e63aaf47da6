import { Command } from 'commander'
import type { Position } from '#shared/core/event.ts'
import { confirm } from '../lib/ask.ts'
import { callApi } from '../lib/call-api.ts'
import type { CliContext } from '../lib/cli-context.ts'
import { CliError } from '../lib/cli-error.ts'
import { readConnection } from '../lib/connection.ts'
import { countOf, printable } from '../lib/printable.ts'

/** What `POST /events/{id}/erase` returns. */
type Erased = {
  readonly also: readonly { readonly id: string; readonly source: string }[]
  readonly views: 'done' | 'pending'
  readonly kafka: readonly (Position & { readonly until: string })[]
}
type EraseOptions = {
  readonly reason: string
  readonly source?: string
  readonly yes?: true
  readonly json?: true
}

const DETAILS = `
Removes the data of an event, and of the events that repeat it, from the tables, the views and the dead letters. What
stays is its id, source, type, time, category, severity and position. Kafka keeps the records that are printed until
their time. It cannot be undone. To erase an event again changes nothing, and prints the same. It takes the role admin.

Examples:
  $ tidewire erase arrival-7781 --source /gates --reason 'request of the person concerned, ticket 4711'
  $ tidewire erase arrival-7781 --reason 'ticket 4711' --yes --json | jq .kafka
`

/** `tidewire erase <id>` */
export function createEraseCommand(context: CliContext): Command {
  const { stdout, stderr } = context
  return new Command('erase')
    .summary('erase the data of an event for good')
    .description('Erases the data of an event for good.')
    .argument('<id>', 'the event')
    .requiredOption('--reason <text>', 'why, for the audit trail')
    .option('--source <source>', 'the source of the event, where several have an event with this id')
    .option('-y, --yes', 'do not ask')
    .option('--json', 'print JSON')
    .addHelpText('after', DETAILS)
    .action(async (id: string, { reason, source, yes, json }: EraseOptions, command: Command) => {
      const connection = readConnection(command, context)
      const question = `Erase the data of ${printable(id)} at ${connection.url} for good?`
      if (!(await confirm(question, yes === true, context))) throw new CliError('nothing was erased')
      const erased = await callApi<Erased>(
        {
          route: `POST /events/${encodeURIComponent(id)}/erase`,
          query: { source },
          body: { reason },
          failure: `${printable(id)} cannot be erased`,
        },
        connection,
      )
      if (json) return void stdout.write(`${JSON.stringify(erased)}\n`)
      const views =
        erased.views === 'done' ? 'the views have forgotten it' : 'the views will forget it shortly'
      stdout.write(`the data of ${printable(id)} is erased, and ${views}\n`)
      for (const one of erased.also)
        stdout.write(`  with it: ${printable(one.id)} of ${printable(one.source)}\n`)
      stderr.write(`Kafka still has ${countOf(erased.kafka.length, 'record')}:\n`)
      for (const { topic, partition, offset, until } of erased.kafka)
        stderr.write(`  ${topic}/${partition}/${offset} until ${until}\n`)
    })
}
