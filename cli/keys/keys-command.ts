import { Command, InvalidArgumentError, Option } from 'commander'
import { parseScopes } from '#shared/core/access/grants.ts'
import { ROLES } from '#shared/core/access/role.ts'
import { messageOf } from '#shared/core/text/message-of.ts'
import type { KeyView, KeyWithSecret } from '#shared/pipeline/keys/keys.ts'
import { callApi } from '../lib/call-api.ts'
import type { CliContext } from '../lib/cli-context.ts'
import { readConnection } from '../lib/connection.ts'
import { parseTimeOption } from '../lib/parse-time.ts'
import { printable } from '../lib/printable.ts'
import { type Column, showTable } from '../lib/show-table.ts'

/** The secret comes with the creation and the rotation of a key only. */
type Key = KeyView & Partial<Pick<KeyWithSecret, 'secret'>>
type Json = { readonly json?: true }

const DETAILS = `
A key is a role, and scopes narrow it: a key with scopes may do nothing else.
  read:port.**                  an action of the policy, on the channels of a pattern
  publish:port.**:port.ship.*   and for types of a pattern only
  dead-letters.read             an action that is not about channels
  source:urn:shop:orders        a source that nobody else may write with
  act-for-others                it may write in the name of any user

It takes the role admin. The server keeps only the hash of a secret, and prints the secret once.

Examples:
  $ tidewire keys create shop --role publisher --scope 'publish:shop.**' --scope source:urn:shop:orders
  $ tidewire keys list
  $ tidewire keys rotate shop --grace 3600
  $ tidewire keys revoke shop
`

/** `tidewire keys list|create|rotate|revoke` */
export function createKeysCommand(context: CliContext): Command {
  const { stdout, stderr } = context
  const print = (value: unknown) => void stdout.write(`${JSON.stringify(value)}\n`)
  const printSecret = (key: Key, { json }: Json) => {
    if (json) return print(key)
    stderr.write(`${describe(key)}\nThe secret is shown only now:\n`)
    stdout.write(`${key.secret}\n`)
  }
  const jsonOption = () => new Option('--json', 'print JSON')

  const list = new Command('list')
    .description('Lists the API keys, also those that were revoked.')
    .option('--json', 'print one key per line')
    .addHelpText('after', example('list'))
    .action(async ({ json }: Json, command: Command) => {
      const call = { route: 'GET /keys', failure: 'the keys cannot be listed' }
      const { keys } = await callApi<{ keys: readonly Key[] }>(call, readConnection(command, context))
      if (!json) return showTable(COLUMNS, keys, context)
      for (const key of keys) print(key)
    })

  const create = new Command('create')
    .description('Creates an API key and prints its secret.')
    .argument('<id>', 'its name, which is never used again: lower-case letters, digits, "_", "." and "-"')
    .addOption(new Option('--role <role>', 'what it may do').choices(ROLES).makeOptionMandatory())
    .option('--scope <scope>', 'what the role is narrowed to, or a source; repeatable', collectScope)
    .option('--expires <time>', 'when it ends, as an RFC 3339 time', parseTimeOption)
    .addOption(jsonOption())
    .addHelpText('after', example("create shop --role publisher --scope 'publish:shop.**'"))
    .action(async (id: string, options: Json & CreateOptions, command: Command) => {
      const { role, scope: scopes = [], expires } = options
      const body = { id, role, scopes, ...(expires !== undefined && { expires }) }
      const call = { route: 'POST /keys', failure: 'the key cannot be created', body }
      printSecret(await callApi<Key>(call, readConnection(command, context)), options)
    })

  const rotate = new Command('rotate')
    .description('Gives an API key a new secret and prints it. The old one holds for a while.')
    .argument('<id>', 'the key')
    .option(
      '--grace <seconds>',
      'for how long the old secret holds, a day if left out; 0 ends it now',
      parseSeconds,
    )
    .addOption(jsonOption())
    .addHelpText('after', example('rotate shop --grace 3600'))
    .action(async (id: string, options: Json & { readonly grace?: number }, command: Command) => {
      const route = `POST /keys/${encodeURIComponent(id)}/rotate`
      const body = options.grace === undefined ? {} : { graceSeconds: options.grace }
      const call = { route, failure: 'the key cannot be rotated', body }
      printSecret(await callApi<Key>(call, readConnection(command, context)), options)
    })

  const revoke = new Command('revoke')
    .description('Revokes an API key: within 5 s no request and no socket may use it.')
    .argument('<id>', 'the key')
    .addOption(jsonOption())
    .addHelpText('after', example('revoke shop'))
    .action(async (id: string, { json }: Json, command: Command) => {
      const route = `DELETE /keys/${encodeURIComponent(id)}`
      const key = await callApi<Key>(
        { route, failure: 'the key cannot be revoked' },
        readConnection(command, context),
      )
      if (json) print(key)
      else stdout.write(`${describe(key)}\n`)
    })

  const keys = new Command('keys')
    .summary('create, list, rotate and revoke API keys')
    .description('Manages the API keys of services.')
    .addHelpText('after', DETAILS)
  for (const command of [list, create, rotate, revoke]) keys.addCommand(command)
  return keys
}

type CreateOptions = {
  readonly role: string
  readonly scope?: readonly string[]
  readonly expires?: string
}

function example(line: string): string {
  return `\nExamples:\n  $ tidewire keys ${line}\n`
}

/** A time without its fraction of a second. */
function shortTime(text: string): string {
  return text.replace(/\.\d+Z$/, 'Z')
}

const COLUMNS: readonly Column<Key>[] = [
  { title: 'ID', text: ({ id }) => id },
  { title: 'ROLE', text: ({ role }) => role },
  { title: 'SCOPES', text: ({ scopes }) => scopes.join(' ') || '-' },
  { title: 'CREATED', text: ({ created, createdBy }) => `${shortTime(created)} by ${createdBy}` },
  { title: 'LAST USED', text: ({ lastUsed = 'never' }) => shortTime(lastUsed) },
  {
    title: 'STATE',
    text: ({ revoked, expires, oldSecretUntil }) =>
      [
        revoked === undefined ? 'valid' : `REVOKED ${shortTime(revoked)}`,
        ...(expires === undefined ? [] : [`expires ${shortTime(expires)}`]),
        ...(oldSecretUntil === undefined ? [] : [`old secret until ${shortTime(oldSecretUntil)}`]),
      ].join(', '),
    style: ({ revoked }) => (revoked === undefined ? undefined : 'red'),
  },
]

/** One line about a key. */
function describe(key: Key): string {
  const { id, role, scopes, createdBy, created, expires, lastUsed, oldSecretUntil, revoked } = key
  const notes = [
    `created ${created} by ${createdBy}`,
    lastUsed === undefined ? 'never used' : `last used ${lastUsed}`,
    ...(oldSecretUntil === undefined ? [] : [`old secret until ${oldSecretUntil}`]),
    ...(expires === undefined ? [] : [`expires ${expires}`]),
    ...(revoked === undefined ? [] : [`REVOKED ${revoked}`]),
  ]
  return printable(`${id}  ${role}  ${scopes.join(' ') || '-'}  ${notes.join(', ')}`)
}

function collectScope(scope: string, scopes: readonly string[] = []): readonly string[] {
  try {
    parseScopes([scope])
  } catch (error) {
    throw new InvalidArgumentError(messageOf(error))
  }
  return [...scopes, scope]
}

function parseSeconds(text: string): number {
  if (/^\d{1,7}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Give a whole number of seconds, 0 or more.')
}
