import { Command } from 'commander'
import { callApi } from '../lib/call-api.ts'
import type { CliContext } from '../lib/cli-context.ts'
import { readConnection } from '../lib/connection.ts'
import { printable } from '../lib/printable.ts'

const DETAILS = `
It takes the role admin. Tokens of the user from before are refused within 2 s, its sockets are closed, and its refresh
tokens end. The user may sign in again: to keep somebody out, disable the user in the user pool.

Example:
  $ tidewire users revoke ada@example.com
`

/** `tidewire users revoke` */
export function createUsersCommand(context: CliContext): Command {
  const { stdout } = context
  const revoke = new Command('revoke')
    .description('Ends the sessions of a user.')
    .argument('<name>', 'the user name')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  $ tidewire users revoke ada@example.com\n')
    .action(async (name: string, { json }: { readonly json?: true }, command: Command) => {
      const route = `POST /users/${encodeURIComponent(name)}/revoke`
      const call = { route, failure: 'the sessions cannot be ended' }
      const done = await callApi<{ since: string }>(call, readConnection(command, context))
      const text = `the sessions of ${printable(name)} from before ${done.since} have ended`
      stdout.write(`${json ? JSON.stringify(done) : text}\n`)
    })
  return new Command('users')
    .summary('end the sessions of a user')
    .description('Manages the sessions of people.')
    .addHelpText('after', DETAILS)
    .addCommand(revoke)
}
