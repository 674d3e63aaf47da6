import { text } from 'node:stream/consumers'
import { Command } from 'commander'
import type { CliContext } from '../lib/cli-context.ts'
import { usageError } from '../lib/cli-error.ts'
import { readHttpAddress, readSocketAddress } from '../lib/connection.ts'
import {
  findProfile,
  type Profile,
  type Profiles,
  profilesPath,
  readProfileName,
  readProfiles,
  writeProfiles,
} from '../lib/profiles.ts'
import { showTable } from '../lib/show-table.ts'

type Json = { readonly json?: true }
type SetOptions = Json & {
  readonly url?: string
  readonly socketUrl?: string
  readonly key?: string
  readonly token?: string
}
/** What is shown of a profile: never its credentials. */
type Shown = {
  readonly name: string
  readonly current: boolean
  readonly url: string
  readonly socketUrl?: string
  readonly credentials: 'key' | 'token' | null
}

const SET_DETAILS = `
--url, --socket-url, --key and --token are stored; what is left out stays as it is, unless the address changes. With "-"
the key or the token is read from stdin, so that it is in no history of a shell. The first profile becomes the current
one.

Examples:
  $ tidewire profile set prod --url https://abc.execute-api.eu-central-1.amazonaws.com --key - < key.txt
  $ tidewire profile set local --url http://localhost:3000
`

/** `tidewire profile list|set|use|remove` */
export function createProfileCommand(context: CliContext): Command {
  const profile = new Command('profile')
    .summary('keep the addresses and credentials of stacks')
    .description('Keeps the addresses of stacks with their credentials, each under a name.')
    .addHelpText('after', detailsOf(context))
  const commands = [createList(context), createSet(context), createUse(context), createRemove(context)]
  for (const command of commands) profile.addCommand(command)
  return profile
}

function detailsOf({ env }: CliContext): string {
  return `
A command uses the stack of --profile, of TIDEWIRE_PROFILE, or of the current profile, in this order; --url and
TIDEWIRE_URL name another. The credentials of a profile are sent to its own address only.
File: ${profilesPath(env) ?? 'none: HOME and XDG_CONFIG_HOME are not set'} (readable for its user only)

Examples:
  $ tidewire profile set prod --url https://abc.execute-api.eu-central-1.amazonaws.com --key - < key.txt
  $ tidewire profile use prod
  $ tidewire tail 'port.**' --profile local
`
}

function createList(context: CliContext): Command {
  return new Command('list')
    .description('Lists the profiles, without their credentials.')
    .option('--json', 'one profile per line')
    .addHelpText('after', '\nExamples:\n  $ tidewire profile list\n')
    .action(({ json }: Json) => {
      const rows = listOf(readProfiles(context.env))
      if (json) {
        for (const row of rows) context.stdout.write(`${JSON.stringify(row)}\n`)
        return
      }
      if (rows.length === 0)
        context.stderr.write('there are no profiles; make one with: tidewire profile set\n')
      showTable(
        [
          { title: '', text: ({ current }) => (current ? '*' : '') },
          { title: 'NAME', text: ({ name }) => name },
          { title: 'URL', text: ({ url }) => url },
          { title: 'CREDENTIALS', text: ({ credentials }) => credentials ?? '-' },
        ],
        rows,
        context,
      )
    })
}

function createSet(context: CliContext): Command {
  return new Command('set')
    .description('Makes a profile, or changes one.')
    .argument('<name>', 'its name')
    .option('--json', 'print JSON')
    .addHelpText('after', SET_DETAILS)
    .action(async (given: string, _: Json, command: Command) => {
      const name = readProfileName(given)
      const options = command.optsWithGlobals<SetOptions>()
      const known = readProfiles(context.env)
      const next = await changeProfile(known.profiles.get(name), options, context)
      const profiles = new Map([...known.profiles, [name, next]])
      save({ current: known.current ?? name, profiles }, name, options, context)
    })
}

function createUse(context: CliContext): Command {
  return new Command('use')
    .description('Makes a profile the current one.')
    .argument('<name>', 'the profile')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  $ tidewire profile use prod\n')
    .action((name: string, options: Json) => {
      const known = readProfiles(context.env)
      findProfile(name, known)
      save({ ...known, current: name }, name, options, context)
    })
}

function createRemove(context: CliContext): Command {
  return new Command('remove')
    .description('Forgets a profile and its credentials. It does not revoke them.')
    .argument('<name>', 'the profile')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  $ tidewire profile remove prod\n')
    .action((name: string, { json }: Json) => {
      const known = readProfiles(context.env)
      findProfile(name, known)
      const profiles = new Map([...known.profiles].filter(([each]) => each !== name))
      writeProfiles({ current: known.current === name ? null : known.current, profiles }, context.env)
      context.stdout.write(
        `${json ? JSON.stringify({ name, removed: true }) : `the profile ${name} is forgotten`}\n`,
      )
    })
}

function save(profiles: Profiles, name: string, { json }: Json, { stdout, env }: CliContext): void {
  writeProfiles(profiles, env)
  const shown = listOf(profiles).find((each) => each.name === name)
  const text = `the profile ${name} is ${shown?.url}${shown?.current ? ', and the current one' : ''}`
  stdout.write(`${json ? JSON.stringify(shown) : text}\n`)
}

async function changeProfile(
  known: Profile | undefined,
  options: SetOptions,
  { stdin }: CliContext,
): Promise<Profile> {
  const url = options.url ?? known?.url
  if (url === undefined) throw usageError('a new profile needs its address: give --url')
  // What belongs to one address is not sent to another.
  const kept = known?.url === url ? known : undefined
  const socketUrl = options.socketUrl ?? kept?.socketUrl
  const isGiven = options.key !== undefined || options.token !== undefined
  const { key, token } = isGiven ? options : (kept ?? options)
  const read = async (secret: string) => (secret === '-' ? (await text(stdin)).trim() : secret)
  return {
    url: readHttpAddress(url, '--url'),
    ...(socketUrl !== undefined && { socketUrl: readSocketAddress(socketUrl, '--socket-url') }),
    ...(key !== undefined && { key: await read(key) }),
    ...(token !== undefined && { token: await read(token) }),
  }
}

function listOf({ current, profiles }: Profiles): readonly Shown[] {
  return [...profiles]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { url, socketUrl, key, token }]) => ({
      name,
      current: name === current,
      url,
      ...(socketUrl !== undefined && { socketUrl }),
      credentials: token !== undefined ? 'token' : key === undefined ? null : 'key',
    }))
}
