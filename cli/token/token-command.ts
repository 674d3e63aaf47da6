import { Command } from 'commander'
import { ask, canAsk } from '../lib/ask.ts'
import type { CliContext } from '../lib/cli-context.ts'
import { CliError, usageError } from '../lib/cli-error.ts'
import { readHttpAddress } from '../lib/connection.ts'
import { readPage } from '../page/find-page.ts'
import { signInAs } from '../page/sign-in.ts'

const DETAILS = `
Signs in as the web page does, and prints the access token of the user, which is good for an hour: for --token of the
other commands, such as for the first key of a new stage. --url is the address of the web page, which says where users
sign in. The first sign-in, with the password of the invitation, must be on the page; so must the first one that needs
an authenticator app. Later the code of the app is asked for, or given as --code.

Examples:
  $ TOKEN=$(TIDEWIRE_PASSWORD=... tidewire token --url https://d111111abcdef8.cloudfront.net --user ada@example.com)
  $ tidewire keys create shop --role publisher --token "$TOKEN"
`

type Options = {
  readonly url?: string
  readonly user: string
  readonly password?: string
  readonly code?: string
  readonly json?: true
}

/** `tidewire token` */
export function createTokenCommand(context: CliContext): Command {
  return new Command('token')
    .summary('sign in a user, and print the access token')
    .description('Signs in a user, and prints the access token.')
    .requiredOption('--user <name>', 'who signs in')
    .option('--password <password>', 'the password of the user; better: TIDEWIRE_PASSWORD')
    .option('--code <code>', 'what the authenticator app shows now, if the user has two-step sign-in')
    .option('--json', 'print one JSON object: {"token"}')
    .addHelpText('after', DETAILS)
    .action(async (_: Options, command: Command) => {
      const { url, user, json, ...options } = command.optsWithGlobals<Options>()
      const password = options.password ?? context.env.TIDEWIRE_PASSWORD
      if (!password) throw usageError('there is no password: TIDEWIRE_PASSWORD, or --password')
      if (url === undefined) throw usageError('give the address of the web page as --url')
      const page = await readPage(readHttpAddress(url, '--url'))
      if (!page?.identity) throw new CliError(`${url} is no web page of Tidewire where users sign in`)
      const token = await signInAs(page.identity, user, password, async () => {
        if (options.code !== undefined) return options.code
        if (!canAsk(context))
          throw usageError('the account has two-step sign-in: give the code of its app as --code')
        return ask(`The code that the authenticator app of ${user} shows: `, context)
      })
      context.stdout.write(`${json ? JSON.stringify({ token }) : token}\n`)
    })
}
